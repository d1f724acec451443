/** Why workers end. */
export const exitReasons = [
  /** It ended by itself, or something from outside killed it. */
  'crashed',
  /** Killed, as a function went on after its timeout. */
  'timedOut',
  /** Killed, as a function went on after it was cancelled. */
  'cancelled',
  /** It got ready too late, or never. */
  'notStarted',
  /** Other versions of its functions came into service. */
  'reloaded',
  /** It had run as many invocations, or used as much memory, as the configuration allows. */
  'recycled',
  /** Killed, as it used far more memory than the configuration allows. */
  'overMemory',
  /** It had nothing to do for `idleTimeout`. */
  'idle',
  /** The function that it was started for alone has ended. */
  'finished',
  /** The runtime was closed. */
  'closed',
] as const;

export type ExitReason = (typeof exitReasons)[number];

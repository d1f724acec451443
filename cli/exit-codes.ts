/** The exit codes of `pool`. */
export const exitCodes = {
  done: 0,
  /** The function failed, or its worker did. */
  failed: 1,
  /** Usage, configuration or invalid input. */
  usage: 2,
  /** No runtime could be reached or started: EX_UNAVAILABLE of sysexits.h. */
  unavailable: 69,
  /** As `timeout` of coreutils has it. */
  timedOut: 124,
  /** As a shell reports a process that SIGINT ended. */
  interrupted: 130,
  /** As a shell reports a process that SIGPIPE ended: whoever read its output has gone, before all of it was there. */
  unread: 141,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The exit code for an error by its `code`. */
export function exitCodeOf(errorCode: string): ExitCode {
  return byErrorCode[errorCode] ?? exitCodes.failed;
}

const byErrorCode: Readonly<Record<string, ExitCode>> = {
  CONFIG: exitCodes.usage,
  INVALID_INPUT: exitCodes.usage,
  FUNCTION_NOT_FOUND: exitCodes.usage,
  USAGE: exitCodes.usage,
  RUNTIME_CLOSED: exitCodes.unavailable,
  RUNTIME_RUNNING: exitCodes.unavailable,
  RUNTIME_LOST: exitCodes.unavailable,
  NOT_RUNNING: exitCodes.unavailable,
  NOT_ANSWERING: exitCodes.unavailable,
  STORE_UNUSABLE: exitCodes.unavailable,
  QUEUE_FULL: exitCodes.unavailable,
  TIMEOUT: exitCodes.timedOut,
  CANCELLED: exitCodes.interrupted,
};

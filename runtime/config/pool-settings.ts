/** The name of the pool that `pool` in the configuration is about; those in `pools` have their own. */
export const defaultPool = 'default';

/** What a worker runs in: a process of its own, or a thread of this one. */
export type Isolation = 'process' | 'thread';

/** The settings of a pool, read: durations are in ms, sizes in bytes. */
export interface PoolSettings {
  readonly name: string;
  readonly isolation: Isolation;
  readonly min: number;
  readonly max: number;
  readonly idleTimeoutMs: number;
  readonly timeoutMs: number;
  readonly killGraceMs: number;
  readonly loadTimeoutMs: number;
  readonly queueLimit: number;
  readonly maxInvocations: number;
  readonly maxMemory: number;
  readonly env: Readonly<Record<string, string>>;
  readonly execArgv: readonly string[];
}

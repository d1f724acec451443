import type { FunctionDescriptor, FunctionSource } from '../channel/messages.ts';
import type { PoolError } from '../errors/pool-errors.ts';
import type { RetryPolicy } from '../invocation/retry.ts';

/** One version of everything a pool runs. A pool replaces its workers when it is given another one. */
export interface Code {
  /** The name of the function that a worker with it was started for alone, by `runtime.spawn`. */
  readonly dedicatedTo: string | undefined;
  /** The project's folder. */
  readonly root: string;
  /** What a worker that starts now has to load. */
  readonly sources: readonly FunctionSource[];
  /** Whether any of `sources` needs tsx. */
  readonly loadsTypeScript: boolean;
  /** Whether `sources` has this function. */
  has(name: string): boolean;
  /** Whether only the first worker is to load all that `sources` has before `loaded`: it tells what others can leave out. */
  readonly isLoadedByOneFirst: boolean;
  /** A first worker has loaded it. Called before any invocation runs on it. */
  loaded(descriptors: readonly FunctionDescriptor[]): void;
  /** Leaves a function out of `sources`: loading its module ended a worker. */
  exclude(name: string, how: string): void;
  /** The timeout that a function sets for itself, in ms. */
  timeoutOf(name: string): number | undefined;
  /** The memory that a function sets for itself, in bytes. */
  memoryOf(name: string): number | undefined;
  /** How often a function is tried by its own settings. */
  retryOf(name: string): RetryPolicy | undefined;
  /** Of the functions that set it, the most that may be in the hands of workers at once. */
  readonly concurrency: ReadonlyMap<string, number>;
  /** Why the function can't run in a worker that doesn't have it. */
  refusal(name: string, invocationId: string): PoolError;
}

/** One version of all functions, over all pools. */
export interface Release {
  /**
   * What of it this pool runs. The default pool has to load it first: only a worker can tell which function wants which
   * pool, and so all others have nothing before.
   */
  codeOf(pool: string): Code;
  /** It is in service from now on, in all pools. */
  serve(): void;
}

import type { LogLevel } from './logger.ts';
import type { Isolation } from './pool-settings.ts';
import type { Trigger } from './trigger.ts';

/** The settings of a pool of workers. */
export interface PoolConfig {
  /** How many workers are kept warm; from 1 on a process without functions is kept as well, for the next. Default: 1. */
  min?: number;
  /** The most workers at once. Default: the number of cores. */
  max?: number;
  /** What a worker is: a process, or a thread of this one (docs/threads.md tells the difference). Default: `'process'`. */
  isolation?: Isolation;
  /** How long a worker above `min` may be idle before it is stopped: ms or a string. Default: `'30s'`. */
  idleTimeout?: number | string;
  /** The longest an invocation may run when its function sets no timeout: ms above 0 or a string, Infinity for no limit. Default: `'60s'`. */
  timeout?: number | string;
  /** How long after a timeout or cancel a function may go on before SIGTERM; SIGKILL comes after twice that. Default: `'1s'`. */
  killGrace?: number | string;
  /** How long a worker may take to load all functions: ms above 0 or a string. Default: `'30s'`. */
  loadTimeout?: number | string;
  /** The most invocations that wait; one more is a `QueueFullError`. Default: 100,000. */
  queueLimit?: number;
  /** A worker that has run so many invocations is replaced by a new one. Default: Infinity. */
  maxInvocations?: number;
  /**
   * The resident memory of a worker, bytes or a string, from `'1mb'` on: after the invocation that crosses it the worker
   * is replaced; at 1.5 times that, while it runs, the invocation fails with a `MemoryLimitError`. Infinity for no limit.
   * Default: `'1gb'`.
   */
  maxMemory?: number | string;
  /** Environment variables for the workers, beside those of this process. */
  env?: Record<string, string>;
  /** Options for Node in the workers, such as `--max-old-space-size=512`. */
  execArgv?: string[];
}

/** A configuration; everything has a default. */
export interface Config {
  /** The folder of functions, or several folders and packages: `['functions', 'warm-pool/functions']`; `[]` for none. Default: `'functions'`. */
  functions?: string | string[];
  /** Where the runtime keeps its control socket, compiled functions and what it has to remember. Default: `'.pool'`. */
  dataDir?: string;
  /** The default pool. */
  pool?: PoolConfig;
  /**
   * More pools, by their names, for functions that name one with `pool`. What one of them doesn't set has the library's
   * default, whatever the default pool has.
   */
  pools?: Record<string, PoolConfig>;
  /** What invokes functions by itself once the runtime is started. */
  triggers?: Trigger[];
  log?: { level?: LogLevel };
}

/** Gives a `pool.config.ts` its types; returns the configuration as it is. */
export function defineConfig(config: Config): Config {
  return config;
}

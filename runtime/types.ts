/// <reference lib="esnext.disposable" preserve="true" />
import type { Config } from './config/define.ts';
import type { Logger, LogLevel } from './config/logger.ts';
import type { Isolation } from './config/pool-settings.ts';
import type { DroppedEvents, RuntimeEvent } from './figures/events.ts';
import type { FunctionFigures } from './figures/function-figures.ts';
import type { PoolStats } from './figures/pool-recorder.ts';
import type { FunctionInfo } from './functions/registry.ts';
import type { RunOptions } from './inline/run.ts';
import type { Invocation, InvokeOptions } from './invocation/invocation.ts';
import type { MapOptions, MapResults } from './invocation/map.ts';
import type { SpawnedFunction, SpawnOptions } from './invocation/spawned-function.ts';
import type { InvocationStream } from './invocation/stream.ts';
import type { WorkerState } from './pool/worker-state.ts';
import type { ProgramShared } from './shared/shared.ts';
import type { FileInfo } from './triggers/files.ts';
import type { FileRetry } from './triggers/retry-files.ts';
import type { ReceiptState } from './triggers/trigger.ts';

/** How to create a runtime. */
export interface CreateRuntimeOptions {
  /** Where to look for the project, from there upwards. Default: the working folder of this process. */
  cwd?: string;
  /** The configuration itself, with paths meant against `cwd`; or the path of a configuration file. */
  config?: Config | string;
  /** Where the runtime and `ctx.log` of the functions log to; a pino logger fits. Default: nowhere. */
  logger?: Logger;
  /** From which level on to log, in place of the configuration's `log.level`. */
  logLevel?: LogLevel;
  /** Whether to follow changes in the functions folder. Default: true. */
  hotReload?: boolean;
}

/** A worker, as `runtime.stats()` lists it. */
export interface WorkerStats {
  readonly id: number;
  readonly isolation: Isolation;
  /** Of its process; undefined for a thread, which is in this one. */
  readonly pid: number | undefined;
  /** Of its thread, as `threadId` of `node:worker_threads` in it; undefined for a process. */
  readonly threadId: number | undefined;
  /** The name of its pool. */
  readonly pool: string;
  /** The function that it was started for alone, beside its pool, by `runtime.spawn`; undefined for one that is in it. */
  readonly dedicatedTo: string | undefined;
  readonly state: WorkerState;
  /** Resident memory at the end of its last invocation, in MB (2^20 bytes); for a thread, its heap and buffers. */
  readonly memoryMB: number;
  /** How many invocations have ended in it. */
  readonly invocations: number;
}

/** What has happened since the runtime was created, and what there is now. */
export interface RuntimeStats {
  readonly workers: readonly WorkerStats[];
  readonly queued: number;
  readonly running: number;
  /** By their names. */
  readonly pools: Readonly<Record<string, PoolStats>>;
  /** By their names: those that there are now. */
  readonly functions: Readonly<Record<string, FunctionFigures>>;
  /** Of all functions that were given to `run`, together. */
  readonly runs: FunctionFigures;
}

/** How to read events. */
export interface EventOptions {
  /** How many events are kept for a reader that is slower than they come; of more the oldest are dropped. Default: 10,000. */
  buffer?: number;
}

/** A trigger, as `runtime.triggers()` lists it. */
export interface TriggerInfo {
  readonly kind: string;
  readonly id: string;
  readonly functions: readonly string[];
  /** Whether it works on files, as `watch` does; false also while the triggers are not started. */
  readonly hasFiles: boolean;
  /**
   * Of a trigger that works on files: how many there are in each state (see {@link ReceiptState}). Of another,
   * how many entries each group of its store has; of `schedule`, runs that are `queued`, `running` and `waiting`, and of
   * the last 100 that have ended those that are `done` and `failed`. Empty while the triggers are not started.
   */
  readonly counts: Readonly<Record<string, number>>;
  /** When it next invokes something, in ISO 8601; undefined where nobody knows. */
  readonly nextAt: string | undefined;
}

/** Which files to list. */
export interface FilesOptions {
  /** Those in this state, or in one of these. Default: all. */
  state?: ReceiptState | readonly ReceiptState[];
}

/** Functions in warm workers. Made by `createRuntime`. */
export interface Runtime {
  /** The project's folder: where its configuration is. */
  readonly root: string;
  readonly configPath: string | undefined;
  readonly dataDir: string;
  /** From which level on it logs. */
  readonly logLevel: LogLevel;
  /**
   * Runs a function in a worker. Never throws: what is wrong rejects the invocation with a `PoolError`.
   *
   * ```ts
   * const { outputs } = await runtime.invoke<Thumbnails>('thumbnail', { src: 'a.jpg' }, { timeout: '10s' });
   * ```
   */
  invoke<Result = unknown>(name: string, args?: unknown, options?: InvokeOptions): Invocation<Result>;
  /**
   * Runs a function that gives its result in parts, as an async generator does, and iterates over them. The function is at
   * most a few parts ahead, and waits at its `yield` then; ending the loop cancels it. Never throws: what is wrong
   * rejects the `next` that would give the next part with a `PoolError`.
   *
   * ```ts
   * for await (const line of runtime.stream<string>('lines', { src: 'a.log' }, { timeout: '1h' })) console.log(line);
   * ```
   */
  stream<Part = unknown, Return = unknown>(
    name: string,
    args?: unknown,
    options?: InvokeOptions,
  ): InvocationStream<Part, Return>;
  /**
   * Runs a function for each item, which are its arguments, and iterates over the results. It is lazy: nothing is read
   * from the source before the first result is asked for, and then only as much as can run. Ending the loop cancels
   * what still runs and closes the source.
   *
   * ```ts
   * for await (const { outputs } of runtime.map<Thumbnails>('thumbnail', photos)) console.log(outputs);
   * const all = await runtime.map<Thumbnails>('thumbnail', photos).toArray();
   * ```
   * @throws TypeError when the source is no iterable or an option makes no sense
   */
  map<Result = unknown, Item = unknown>(
    name: string,
    source: Iterable<Item> | AsyncIterable<Item>,
    options?: MapOptions<Item>,
  ): MapResults<Result>;
  /**
   * Locks, queues and the like, shared with all workers by their names: `ctx.shared` in a function means the same things.
   *
   * ```ts
   * const results = runtime.shared.queue<string>('results', { maxSize: 100 });
   * ```
   */
  readonly shared: ProgramShared;
  /**
   * Starts a function in a worker of its own, beside those of its pool and with their settings: it takes no place among `max`,
   * is in no queue, runs nothing else, and ends with the function. The two exchange messages meanwhile. Never throws: what
   * is wrong rejects `done` with a `PoolError`.
   *
   * ```ts
   * await using counter = runtime.spawn<number, { sum: number }>('counter', { from: 0 });
   * await counter.send({ add: 2 });
   * for await (const { sum } of counter.messages) if (sum > 1) counter.endMessages();
   * console.log(await counter.done);
   * ```
   */
  spawn<Result = unknown, Message = unknown>(
    name: string,
    args?: unknown,
    options?: SpawnOptions,
  ): SpawnedFunction<Result, Message>;
  /**
   * Runs a function of the program in a worker: its source is sent, compiled there once, and called with the arguments,
   * which travel as those of `invoke` do. It has the globals of Node and `require`, and may `import()`, relative to the
   * project's folder. There is no `this`, and no context.
   *
   * Never throws: it rejects as `invoke` does, and with a TypeError, before anything is sent, when the function can't be: a
   * class, a native or bound function, and one that refers to anything outside of itself, all of which the message names.
   *
   * ```ts
   * const digest = await runtime.run(async (text: string) => {
   *   const { createHash } = await import('node:crypto');
   *   return createHash('sha256').update(text).digest('hex');
   * }, 'hello');
   * ```
   */
  run<Args extends unknown[], Result>(
    fn: (...args: Args) => Result,
    ...args: Args
  ): Invocation<Awaited<Result>>;
  /**
   * The same with options, before the function as everything behind it is an argument.
   *
   * ```ts
   * await runtime.runWith({ timeout: '5s', pool: 'io' }, (values: number[]) => values.toSorted(), values);
   * ```
   */
  runWith<Args extends unknown[], Result>(
    options: RunOptions,
    fn: (...args: Args) => Result,
    ...args: Args
  ): Invocation<Awaited<Result>>;
  /**
   * Starts the triggers, and with that keeps the program alive until `close`.
   * @throws PoolError `RUNTIME_RUNNING` when another runtime has been started on the same `dataDir`
   * @throws PoolError `STORE_UNUSABLE` when the database of the triggers can't be made or opened there
   */
  start(): Promise<void>;
  functions(): FunctionInfo[];
  triggers(): TriggerInfo[];
  /**
   * What the triggers know of the files that they work on, state by state; nothing while they are not started. It reads as it is
   * iterated, a hundred thousand files as well: each is told as it is at that moment, and one that changes its state
   * meanwhile may come twice, or not at all.
   *
   * ```ts
   * for await (const { path, reason } of runtime.files({ state: 'setAside' })) console.log(path, reason);
   * ```
   *
   * @throws TypeError when there is no such state
   * @throws RuntimeClosedError when the triggers are stopped before the end
   */
  files(options?: FilesOptions): AsyncIterable<FileInfo>;
  /**
   * Has files tried again, at once, as if they had been touched: those that are set aside or wait for an attempt, and for the
   * path of a folder all that are set aside below it; with `'all'` whatever is set aside. Relative paths are meant against
   * the project's folder. Resolves, with what became of each path, when that would survive a kill. It knows none while the
   * triggers are not started.
   *
   * ```ts
   * await runtime.retryFiles(['inbox/photo.jpg']);
   * ```
   *
   * @throws RuntimeClosedError when the runtime has been closed, or is before the end
   * @throws PoolError `STORE_UNUSABLE` when that can't be written down within 10 seconds: they are tried again all the same
   */
  retryFiles(paths: readonly string[] | 'all'): Promise<FileRetry[]>;
  stats(): RuntimeStats;
  /**
   * What happens from now on: invocations queued, started and ended, workers starting, ready and exited, functions loaded,
   * failed and removed. It ends when the runtime is closed; leaving the loop unsubscribes. A reader that is too slow is
   * told how many events it missed. The same events are published through `node:diagnostics_channel`, as
   * `warm-pool:` and their type, for all runtimes of a program.
   *
   * ```ts
   * for await (const event of runtime.events()) {
   *   if (event.type === 'worker:exited') console.log(`worker ${event.worker} has ended: ${event.reason}`);
   * }
   * ```
   *
   * @throws TypeError when `buffer` is no whole number from 1
   */
  events(options?: EventOptions): AsyncIterable<RuntimeEvent | DroppedEvents>;
  /** Resolves when nothing is queued or running; spawned functions may go on. */
  drain(): Promise<void>;
  /**
   * Stops the triggers, tells spawned functions to end, finishes what callers have queued and what runs, and stops the workers. After `timeout` (ms or
   * a string) it kills: what has not ended rejects with a `RuntimeClosedError`. May be called again with a shorter one.
   */
  close(options?: { timeout?: number | string }): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

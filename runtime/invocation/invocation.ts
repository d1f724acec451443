import type { InvocationRecord } from './record.ts';
import type { RetryOptions } from './retry.ts';

/** How to run one invocation. */
export interface InvokeOptions {
  /** Cancels the invocation when it aborts; aborted already, the function never runs. */
  signal?: AbortSignal | undefined;
  /** Instead of the function's own: a number of ms above 0 or a string such as `'5s'`; Infinity for no limit. */
  timeout?: number | string | undefined;
  /** What is started first when workers are scarce. Default: `normal`; triggers use `low`. */
  priority?: Priority | undefined;
  /** What `ctx.cwd` is. Default: the working folder of this process. */
  cwd?: string | undefined;
  /** How often it is tried, in place of the function's own `retry`, all of it. */
  retry?: RetryOptions | undefined;
  /**
   * ArrayBuffers of the arguments to give away: they are detached here, as by `postMessage`, and move to a worker thread
   * without a copy. To a worker process their bytes are copied.
   */
  transfer?: readonly ArrayBuffer[] | undefined;
}

export const priorities = ['high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

export type InvocationStatus =
  | 'queued'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'timedOut'
  | 'crashed';

/** The figures of an invocation that ran; with `retry` those of its last attempt. */
export interface InvocationReport {
  /** From the start of the execution to its end, in ms. */
  readonly durationMs: number;
  /** From `invoke`, or the end of the wait before this attempt, to the start of the execution, in ms, without `initMs`. */
  readonly queueMs: number;
  /** How long the invocation waited for a worker to start and load the functions, in ms; 0 when one was warm. */
  readonly initMs: number;
  /** The resident memory of the worker at the end, in MB (2^20 bytes). */
  readonly memoryMB: number;
  /** The worker's number, from 1. */
  readonly worker: number;
}

type Settlers = [resolve: (value: never) => void, reject: (error: unknown) => void];

/** Those of the promise that is being made: a function for each promise would be one more object for each call. */
let settlers: Settlers | undefined;

function keepSettlers(...made: Settlers): void {
  settlers = made;
}

/**
 * A running call of a function: the promise of its result, with more on it. It rejects with a `PoolError`; one that
 * nobody handles is an unhandled rejection like any other.
 */
export class Invocation<Result = unknown> extends Promise<Result> {
  readonly #record: InvocationRecord;

  constructor(record: InvocationRecord) {
    super(keepSettlers);
    const [resolve, reject] = settlers as Settlers;
    settlers = undefined; // it would keep the promise in memory
    record.bind(resolve as (value: unknown) => void, reject);
    this.#record = record;
  }

  /** Unique, and in the order of time: a ULID. */
  get id(): string {
    return this.#record.id;
  }

  get functionName(): string {
    return this.#record.title;
  }

  get status(): InvocationStatus {
    return this.#record.latest.status;
  }

  /** Which attempt is under way or was the last, from 1. */
  get attempt(): number {
    return this.#record.latest.attempt;
  }

  /** Its figures once it has ended; undefined before, and when it never ran. */
  get report(): InvocationReport | undefined {
    return this.#record.latest.report;
  }

  /**
   * Cancels it: the promise rejects at once with a `CancelledError` whose `cause` is the reason. Queued, the function
   * never runs; running, `ctx.signal` aborts, and what goes on in spite of it is killed after the pool's `killGrace`.
   * After the end it does nothing.
   */
  cancel(reason?: unknown): void {
    this.#record.cancel(reason);
  }

  /** The values given to `ctx.progress`: all of them, or the last 1024 of those that came before the first reader. It ends with the invocation. */
  get progress(): AsyncIterable<unknown> {
    return this.#record.latest.readProgress();
  }
}

// `then` and its kind make plain promises: only `invoke` makes an Invocation. And `await` and `Promise.all` take a
// promise with this constructor as it is, where they would wrap any other in one more promise.
Object.defineProperty(Invocation.prototype, 'constructor', { value: Promise });

import { CancelledError } from '../errors/pool-errors.ts';
import type { InvocationReport, InvocationStatus } from './invocation.ts';
import { PartQueue } from './part-queue.ts';
import type { InvocationRecord } from './record.ts';

/**
 * A running call of a function, read part by part: an async iterator over what the function yields. When it is over,
 * `next` gives what the function has returned. What goes wrong comes after the parts that were given before it, as a
 * `PoolError`; a cancel comes at once.
 *
 * The function is at most a few parts ahead of the reader, and waits at its `yield` then. Leaving the loop cancels it.
 */
export class InvocationStream<Part = unknown, Return = unknown>
  implements AsyncIterableIterator<Part, Return, undefined>
{
  readonly #record: InvocationRecord;
  readonly #parts = new PartQueue();

  constructor(record: InvocationRecord) {
    this.#record = record;
    record.parts = this.#parts;
    record.bind(
      (value) => this.#parts.end({ value }),
      (error) => {
        if (error instanceof CancelledError) this.#parts.clear();
        this.#parts.end({ error });
      },
    );
  }

  /** Unique, and in the order of time: a ULID. */
  get id(): string {
    return this.#record.id;
  }

  get functionName(): string {
    return this.#record.functionName;
  }

  /** Of the function: it may have succeeded before its last parts are read. */
  get status(): InvocationStatus {
    return this.#record.latest.status;
  }

  /** Which attempt is under way or was the last, from 1. Once there is a part there is no other attempt. */
  get attempt(): number {
    return this.#record.latest.attempt;
  }

  /** Its figures once the function has ended; undefined before, and when it never ran. */
  get report(): InvocationReport | undefined {
    return this.#record.latest.report;
  }

  /** The values given to `ctx.progress`, as those of an {@link Invocation}. */
  get progress(): AsyncIterable<unknown> {
    return this.#record.latest.readProgress();
  }

  /**
   * Cancels it: parts that were not read are dropped, and the reader gets a `CancelledError` whose `cause` is the reason.
   * Queued, the function never runs; running, `ctx.signal` aborts and its `finally` runs, and what goes on in spite of
   * that is killed after the pool's `killGrace`. Once the function has ended it does nothing.
   */
  cancel(reason?: unknown): void {
    this.#record.cancel(reason);
  }

  /** The next part. It may be called again before that is there. Rejects with a `PoolError`, once. */
  next(): Promise<IteratorResult<Part, Return>> {
    return this.#parts.take() as Promise<IteratorResult<Part, Return>>;
  }

  /** Cancels it, as `break` in a loop does: nothing more comes, and no error either. */
  async return(value?: Return | PromiseLike<Return>): Promise<IteratorResult<Part, Return>> {
    this.#stop();
    return { value: (await value) as Return, done: true };
  }

  /** The same, and rejects with this error. */
  async throw(error?: unknown): Promise<IteratorResult<Part, Return>> {
    this.#stop();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
  }

  #stop(): void {
    this.#parts.stop();
    this.#record.cancel('its reader has left');
  }
}

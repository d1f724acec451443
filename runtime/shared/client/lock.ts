/// <reference lib="esnext.disposable" preserve="true" />
import type { Breath } from './breath.ts';
import type { Flow } from './flow.ts';
import type { LockPlace } from './lock-place.ts';
import type { WaitOptions } from './wait.ts';

/** How a lock is to be had. */
export interface LockOptions {
  /**
   * Whether whoever has it can have it again (Python's RLock); it is free when it was given back as often. Who that is, is
   * an invocation or a session: a thread is in Python, and `runtime.shared` alone is nobody. Default: no.
   */
  readonly reentrant?: boolean | undefined;
}

/**
 * A lock that had is had by nobody else: in no other worker, and not in the program.
 *
 * ```ts
 * await using held = await ctx.shared.lock('albums').acquire({ timeout: '5s' });
 * ```
 */
export class SharedLock {
  readonly name: string;
  readonly #flow: Flow;
  readonly #isReentrant: boolean;
  readonly #breath: Breath;
  /** Where its word is, once that is known. */
  #place: LockPlace | undefined;

  /** Made by `shared.lock(name)`. @internal */
  constructor(flow: Flow, name: string, { reentrant = false }: LockOptions) {
    this.#flow = flow;
    this.name = name;
    this.#isReentrant = reentrant;
    this.#breath = flow.sharer.breath;
  }

  /**
   * Resolves when the lock is had; who asks first has it first. Rejects with `TimeoutError`, `CancelledError`, or
   * `DeadlockError` when those who hold locks would wait for each other for ever: with a `timeout` or a `signal` none would.
   */
  acquire(options?: WaitOptions): Promise<HeldLock> {
    if (options === undefined && !this.#isReentrant) {
      this.#place ??= this.#flow.sharer.lockPlace(this.name);
      const held = this.#place && this.#flow.locks.take(this.#place, this.name);
      if (held) return this.#breath.give(held);
    }
    return this.#flow.locks.acquire(this.name, this.#isReentrant, options);
  }

  /** The same if it can be had at once; else undefined. */
  tryAcquire(): Promise<HeldLock | undefined> {
    return this.#flow.locks.tryAcquire(this.name, this.#isReentrant);
  }

  /** Has the lock while `work` runs, and resolves with its result. */
  async run<Result>(
    work: (held: HeldLock) => Result | PromiseLike<Result>,
    options?: WaitOptions,
  ): Promise<Awaited<Result>> {
    const held = await this.acquire(options);
    try {
      return await work(held);
    } finally {
      held.release();
    }
  }
}

/** A lock that is had. Given back when its block ends (`using`, `await using`), and when its invocation does. */
export interface HeldLock extends Disposable, AsyncDisposable {
  readonly name: string;
  /** Whether its last holder was killed, or ended, without giving it back: what it guards may be half done. */
  readonly wasAbandoned: boolean;
  /** Gives it back. A second time it does nothing. */
  release(): void;
}

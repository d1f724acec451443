/// <reference lib="esnext.disposable" preserve="true" />
import { expectedText } from '../../options/expected.ts';
import type { Flow } from './flow.ts';
import type { Held } from './flow-locks.ts';
import type { HeldLock } from './lock.ts';
import type { WaitOptions } from './wait.ts';

/** Which lock a condition goes with. */
export interface ConditionOptions {
  /** The name of the lock that guards what is waited for. Default: one of its own. */
  readonly lock?: string | undefined;
}

/**
 * Where those who hold a lock wait until what it guards has changed.
 *
 * ```ts
 * await using held = await ctx.shared.condition('album').acquire();
 * await held.waitFor(async () => (await photos.get('count')) > 0);
 * ```
 */
export class SharedCondition {
  readonly name: string;
  /** The name of its lock. */
  readonly lock: string;
  readonly #flow: Flow;

  /** Made by `shared.condition(name)`. @internal */
  constructor(flow: Flow, name: string, { lock = `condition ${name}` }: ConditionOptions) {
    this.#flow = flow;
    this.name = name;
    this.lock = lock;
  }

  /** Has its lock. Rejects as `lock.acquire()` does. */
  async acquire(options?: WaitOptions): Promise<HeldCondition> {
    return new HeldCondition(this.#flow, this, await this.#flow.locks.acquireOnce(this.lock, options));
  }

  /** Lets so many go on that wait, as soon as they have the lock. Default: 1. */
  async notify(count = 1): Promise<void> {
    if (!Number.isSafeInteger(count) || count < 0)
      throw new TypeError(expectedText('how many to `notify` to be a whole number from 0', count));
    await this.#flow.ask({ op: 'notify', name: this.name, count }, `The condition "${this.name}"`);
  }

  /** Lets all go on that wait now, one after another. */
  notifyAll(): Promise<void> {
    return this.notify(Number.MAX_SAFE_INTEGER);
  }
}

/** The lock of a condition that is had, and what can be done with it. */
export class HeldCondition implements HeldLock {
  readonly #flow: Flow;
  readonly #condition: SharedCondition;
  readonly #held: Held;

  /** @internal */
  constructor(flow: Flow, condition: SharedCondition, held: Held) {
    this.#flow = flow;
    this.#condition = condition;
    this.#held = held;
  }

  get name(): string {
    return this.#held.name;
  }

  /** See HeldLock. */
  get wasAbandoned(): boolean {
    return this.#held.wasAbandoned;
  }

  /**
   * Gives the lock up until somebody notifies, and resolves when it is had again. Rejects with `TimeoutError` or
   * `CancelledError`, with the lock had again; with `DeadlockError`, where all in the circle wait so, without.
   */
  async wait(options?: WaitOptions): Promise<void> {
    await this.#flow.locks.waitWithout(this.#held, this.#condition.name, options);
  }

  /** Waits until this is so; it is asked with the lock had, now and each time that somebody notifies. */
  async waitFor(isSo: () => boolean | PromiseLike<boolean>, options?: WaitOptions): Promise<void> {
    while (!(await isSo())) await this.wait(options);
  }

  notify(count = 1): Promise<void> {
    return this.#condition.notify(count);
  }

  notifyAll(): Promise<void> {
    return this.#condition.notifyAll();
  }

  release(): void {
    this.#held.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }
}

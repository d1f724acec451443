/// <reference lib="esnext.disposable" preserve="true" />
import type { Flow } from './flow.ts';
import type { Wait, WaitOptions } from './wait.ts';

/** What a semaphore is. Whoever uses it first decides; the others may leave it out. */
export interface SemaphoreOptions {
  /** How many can be had at once: a whole number from 1, and with `bounded: false` from 0. Default: 1. */
  readonly permits?: number | undefined;
  /** Whether there are never more than that; with `false`, `semaphore.add()` makes one more. Default: true. */
  readonly bounded?: boolean | undefined;
}

/**
 * So many permits: of what they are for, no more happens at once, in all workers and the program together.
 *
 * ```ts
 * await using permit = await ctx.shared.semaphore('uploads', { permits: 3 }).acquire();
 * ```
 */
export class SharedSemaphore {
  readonly name: string;
  readonly #flow: Flow;
  readonly #options: SemaphoreOptions;

  /** Made by `shared.semaphore(name)`. @internal */
  constructor(flow: Flow, name: string, options: SemaphoreOptions) {
    this.#flow = flow;
    this.name = name;
    this.#options = options;
  }

  /** Resolves when there is a permit; who asks first has it first. Rejects with `TimeoutError` or `CancelledError`. */
  async acquire(options?: WaitOptions): Promise<Permit> {
    const wait = this.#flow.waits.open('acquire', options);
    return (await this.#permit(false, wait)) as Permit;
  }

  /** The same if there is one now; else undefined. */
  tryAcquire(): Promise<Permit | undefined> {
    return this.#permit(true);
  }

  /** One more permit than there were, for `bounded: false`: Python's `Semaphore.release()` without an `acquire()`. */
  async add(): Promise<void> {
    const request = { op: 'return', name: this.name, of: 0, ...this.#options } as const;
    await this.#flow.ask(request, `The semaphore "${this.name}"`);
  }

  /** Has a permit while `work` runs, and resolves with its result. */
  async run<Result>(
    work: (permit: Permit) => Result | PromiseLike<Result>,
    options?: WaitOptions,
  ): Promise<Awaited<Result>> {
    const permit = await this.acquire(options);
    try {
      return await work(permit);
    } finally {
      permit.release();
    }
  }

  async #permit(tries: boolean, wait?: Wait): Promise<Permit | undefined> {
    const request = { op: 'permit', name: this.name, ...this.#options, tries } as const;
    const what = `The semaphore "${this.name}"`;
    const { id, info } = await this.#flow.have(request, what, { wait, unless: `${what} gave no permit` });
    const { had, abandoned } = info as { had: boolean; abandoned: boolean };
    return had ? this.#had(id, abandoned) : undefined;
  }

  #had(id: number, wasAbandoned: boolean): Permit {
    const { name } = this;
    const { claims, sharer } = this.#flow;
    claims.add(id);
    const release = () => {
      if (claims.delete(id)) sharer.asks.tell({ op: 'return', name, of: id });
    };
    const asyncRelease = async () => release();
    return { name, wasAbandoned, release, [Symbol.dispose]: release, [Symbol.asyncDispose]: asyncRelease };
  }
}

/** A permit that is had. Given back when its block ends (`using`, `await using`), and when its invocation does. */
export interface Permit extends Disposable, AsyncDisposable {
  readonly name: string;
  /** Whether whoever had a permit before was killed, or ended, without giving it back. */
  readonly wasAbandoned: boolean;
  /** Gives it back. A second time it does nothing. */
  release(): void;
}

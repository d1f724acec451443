import { expectedText } from '../../options/expected.ts';
import type { Flow } from './flow.ts';
import type { WaitOptions } from './wait.ts';

/** What a barrier is. All who use it give the same. */
export interface BarrierOptions {
  /** How many wait for each other. */
  readonly parties: number;
}

/** Where so many wait until all of them have come. */
export class SharedBarrier {
  readonly name: string;
  readonly parties: number;
  readonly #flow: Flow;

  /** Made by `shared.barrier(name, { parties })`. @internal */
  constructor(flow: Flow, name: string, { parties }: BarrierOptions) {
    if (!Number.isSafeInteger(parties) || parties < 1)
      throw new TypeError(expectedText('the `parties` of a barrier to be a whole number from 1', parties));
    this.#flow = flow;
    this.name = name;
    this.parties = parties;
  }

  /**
   * Resolves when all have come, with the place in which this one came, from 0. Rejects with `BrokenBarrierError` when one
   * of them is gone or gave up: with a `TimeoutError` or a `CancelledError` of its own.
   */
  async wait(options?: WaitOptions): Promise<number> {
    const request = { op: 'barrier', name: this.name, parties: this.parties } as const;
    const wait = this.#flow.waits.open('wait', options);
    const { info } = await this.#flow.ask(request, this.#what, {
      wait,
      unless: `${this.#what} was not passed`,
    });
    return info as number;
  }

  /** Makes a broken barrier whole. Who waits has a `BrokenBarrierError`. */
  async reset(): Promise<void> {
    await this.#act('reset');
  }

  /** Breaks it for those who wait and those who come, until it is reset. */
  async abort(): Promise<void> {
    await this.#act('abort');
  }

  /** How many wait there now, and whether it is broken. */
  async look(): Promise<{ readonly waiting: number; readonly isBroken: boolean }> {
    return (await this.#act('look')) as { waiting: number; isBroken: boolean };
  }

  get #what(): string {
    return `The barrier "${this.name}"`;
  }

  async #act(act: 'look' | 'reset' | 'abort'): Promise<unknown> {
    return (
      await this.#flow.ask({ op: 'barrierState', name: this.name, parties: this.parties, act }, this.#what)
    ).info;
  }
}

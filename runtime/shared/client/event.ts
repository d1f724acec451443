import type { Flow } from './flow.ts';
import type { WaitOptions } from './wait.ts';

/** Something that has happened, for all workers and the program, until it is cleared. */
export class SharedEvent {
  readonly name: string;
  readonly #flow: Flow;

  /** Made by `shared.event(name)`. @internal */
  constructor(flow: Flow, name: string) {
    this.#flow = flow;
    this.name = name;
  }

  /** Lets all go on that wait, and all that come. */
  async set(): Promise<void> {
    await this.#act('set');
  }

  /** Who waits from now on waits for the next `set`. */
  async clear(): Promise<void> {
    await this.#act('clear');
  }

  async isSet(): Promise<boolean> {
    return (await this.#act('isSet')) as boolean;
  }

  /** Resolves when it is set. Rejects with `TimeoutError` or `CancelledError`. */
  async wait(options?: WaitOptions): Promise<void> {
    const wait = this.#flow.waits.open('wait', options);
    await this.#flow.ask({ op: 'event', name: this.name, act: 'wait' }, this.#what, {
      wait,
      unless: `${this.#what} did not come`,
    });
  }

  get #what(): string {
    return `The event "${this.name}"`;
  }

  async #act(act: 'set' | 'clear' | 'isSet'): Promise<unknown> {
    return (await this.#flow.ask({ op: 'event', name: this.name, act }, this.#what)).info;
  }
}

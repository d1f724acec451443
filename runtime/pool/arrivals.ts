import type { Code } from './code.ts';

/** Code on its way into service, and who waits for that. */
interface Arrival {
  readonly code: Code;
  readonly waiting: readonly { resolve(): void; reject(error: Error): void }[];
  /** Set when a first worker has loaded it. */
  isLoaded: boolean;
}

/** What is coming into service in a pool, and what is there but not yet in all workers that are to be kept warm. */
export class Arrivals {
  #next: Arrival | undefined;
  #warming: Arrival | undefined;

  /** What is coming. */
  get next(): Arrival | undefined {
    return this.#next;
  }

  get isWarming(): boolean {
    return this.#warming !== undefined;
  }

  /** This comes, in place of what was coming. Resolves at `warm`, of this or of what comes after it. */
  begin(code: Code): Promise<void> {
    const overtaken = this.#waiting;
    this.#warming = undefined;
    return new Promise((resolve, reject) => {
      this.#next = { code, waiting: [...overtaken, { resolve, reject }], isLoaded: false };
    });
  }

  /** What was coming is in service. */
  arrived(): void {
    this.#warming = this.#next;
    this.#next = undefined;
  }

  /** As many workers as are to be kept warm have it. */
  warm(): void {
    for (const { resolve } of this.#warming?.waiting ?? []) resolve();
    this.#warming = undefined;
  }

  /** Whatever is on its way will not get there. */
  abandon(error: Error): void {
    const waiting = this.#waiting;
    this.#warming = undefined;
    this.#next = undefined;
    for (const { reject } of waiting) reject(error);
  }

  get #waiting(): Arrival['waiting'] {
    return [...(this.#next?.waiting ?? []), ...(this.#warming?.waiting ?? [])];
  }
}

import { LazyTimer } from './lazy-timer.ts';
import type { Waits } from './waits.ts';

/** Longer than most have a lock, so that these cost no more than before; and shorter than the start of a worker. */
const waitsAfterMs = 20;

/** What a run waits for of what is shared. When that has lasted for a while, others have its place in the pool. */
export class SharedWait {
  readonly #waits: Waits;
  readonly #functionName: () => string | undefined;
  readonly #timer = new LazyTimer(() => this.#begin());
  /** The numbers of the requests that it waits for. */
  readonly #open = new Set<number>();
  /** The function that has given up its place. */
  #waiting: string | undefined;

  /** `functionName` is that of what runs. */
  constructor(waits: Waits, functionName: () => string | undefined) {
    this.#waits = waits;
    this.#functionName = functionName;
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  began(id: number): void {
    this.#open.add(id);
    if (this.#open.size === 1) this.#timer.set(waitsAfterMs);
  }

  ended(id: number): void {
    if (this.#open.delete(id) && this.#open.size === 0) this.#goOn();
  }

  /** What the run waits for still is nothing to the next one. */
  runEnded(): void {
    if (this.#open.size === 0) return;
    this.#open.clear();
    this.#goOn();
  }

  /** The worker is gone. */
  stop(): void {
    this.runEnded();
    this.#timer.stop();
  }

  #begin(): void {
    this.#waiting = this.#functionName();
    if (this.#waiting !== undefined) this.#waits.begin(this.#waiting);
  }

  #goOn(): void {
    this.#timer.clear();
    if (this.#waiting === undefined) return;
    const functionName = this.#waiting;
    this.#waiting = undefined;
    this.#waits.end(functionName);
  }
}

import type { KeepAlive } from './keep-alive.ts';

export interface DrainOptions {
  readonly keepAlive: KeepAlive;
  /** How many workers run something: a function may go on after its caller was told. */
  readonly running: () => number;
}

/** Counts what a pool has taken on and not settled: that holds the program up, and at the end of it the pool is drained. */
export class Drain {
  readonly #keepAlive: KeepAlive;
  readonly #running: DrainOptions['running'];
  #unsettled = 0;
  readonly #onDrained: (() => void)[] = [];

  constructor({ keepAlive, running }: DrainOptions) {
    this.#keepAlive = keepAlive;
    this.#running = running;
  }

  get unsettled(): number {
    return this.#unsettled;
  }

  /** One more has been taken on. */
  takeOn(): void {
    this.#unsettled++;
    this.#keepAlive.hold();
  }

  /** One has been settled, or is another pool's to settle. */
  letGo(): void {
    this.#unsettled--;
    this.#keepAlive.release();
    this.check();
  }

  /** Whether nothing is queued or running. */
  get isDone(): boolean {
    return this.#unsettled === 0 && this.#running() === 0;
  }

  /** Resolves when nothing is queued or running. */
  wait(): Promise<void> {
    if (this.isDone) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /** A worker may have become free, or has ended: nothing may be running any more. */
  check(): void {
    if (this.#onDrained.length === 0 || !this.isDone) return;
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }
}

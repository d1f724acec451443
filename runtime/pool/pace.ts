/** How many invocations a worker can run in the time in which another one starts, as it was of late. */
export class Pace {
  #startMs = 0;
  #runMs = Number.POSITIVE_INFINITY;

  /** A worker took so long to start. */
  started(ms: number): void {
    this.#startMs = ms;
  }

  /** An invocation took so long: without its wait, as there may be nothing to wait for when many come at once. */
  ran(ms: number): void {
    const wholeMs = ms + besidesMs;
    if (this.#runMs === Number.POSITIVE_INFINITY) this.#runMs = wholeMs;
    else this.#runMs += (wholeMs - this.#runMs) * weight;
  }

  /** 0 as long as nothing has run. */
  get perStart(): number {
    return this.#startMs / this.#runMs;
  }
}

/** What a worker needs for an invocation beside the function itself, when one follows the other. */
const besidesMs = 0.005;

/** One that is longer or shorter than the others says little. */
const weight = 0.25;

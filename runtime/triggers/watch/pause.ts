import type { Timings } from './timings.ts';

/** Holds the backlog back while the function can't be run at all: one file at a time probes, less and less often. */
export class Pause {
  readonly #timings: Timings;
  readonly #resume: () => void;
  #timer: NodeJS.Timeout | undefined;
  #length = 0;

  constructor(timings: Timings, resume: () => void) {
    this.#timings = timings;
    this.#resume = resume;
  }

  /** Nothing is handed in. */
  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  /** The trouble that began it has not been seen to be over. */
  get isProbing(): boolean {
    return this.#length > 0;
  }

  begin(): void {
    if (this.isOn) return;
    const { firstPause, longestPause } = this.#timings;
    this.#length = Math.min(Math.max(this.#length * 2, firstPause), longestPause);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#resume();
    }, this.#length);
  }

  /** An invocation ran. */
  end(): void {
    this.#length = 0;
    this.close();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/**
 * Starts that failed in a row, and how long to wait before the next: without it, a worker that dies at once would be
 * replaced as fast as the machine can fork.
 */
export class StartFailures {
  #count = 0;
  /** Those of them that nothing outside can have caused. */
  #own = 0;
  #lastAt = Number.NEGATIVE_INFINITY;

  /**
   * A worker that was started at `startedAt` (of performance.now()) has failed. `isFromOutside`: it may have been killed
   * by somebody else, for want of memory for example, and the next one may well be spared.
   */
  failed(startedAt: number, isFromOutside: boolean): void {
    // Workers that were under way when another one failed are part of the same failure.
    if (startedAt < this.#lastAt) return;
    this.#count++;
    if (!isFromOutside) this.#own++;
    this.#lastAt = performance.now();
  }

  succeeded(): void {
    this.#count = 0;
    this.#own = 0;
  }

  /** As many have failed as shows that the next won't be better: what waits should be told. */
  get isHopeless(): boolean {
    return this.#own >= hopelessAfter || this.#count >= hopelessAfterKills;
  }

  /** How long the next start has to wait from now, in ms; 0 as long as nothing has failed. */
  get waitMs(): number {
    if (this.#count === 0) return 0;
    const delayMs = Math.min(firstDelayMs * 2 ** (this.#count - 1), longestDelayMs);
    return Math.max(0, this.#lastAt + delayMs - performance.now());
  }
}

const hopelessAfter = 3;
/** With the delays between them that is some 6 s: a shortage of memory has passed by then, or it won't. */
const hopelessAfterKills = 7;
const firstDelayMs = 100;
const longestDelayMs = 10_000;

/**
 * Starts that failed in a row, and how long to wait before the next: without it, a worker that dies at once would be
 * replaced as fast as the machine can fork.
 */
export class StartFailures {
  #count = 0;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** A worker that was started at this time (of performance.now()) has failed. */
  failed(startedAt: number): void {
    // Workers that were under way when another one failed are part of the same failure.
    if (startedAt < this.#lastAt) return;
    this.#count++;
    this.#lastAt = performance.now();
  }

  succeeded(): void {
    this.#count = 0;
  }

  /** As many have failed as shows that the next won't be better: what waits should be told. */
  get isHopeless(): boolean {
    return this.#count >= hopelessAfter;
  }

  /** How long the next start has to wait from now, in ms; 0 as long as nothing has failed. */
  get waitMs(): number {
    if (this.#count === 0) return 0;
    const delayMs = Math.min(firstDelayMs * 2 ** (this.#count - 1), longestDelayMs);
    return Math.max(0, this.#lastAt + delayMs - performance.now());
  }
}

const hopelessAfter = 3;
const firstDelayMs = 100;
const longestDelayMs = 10_000;

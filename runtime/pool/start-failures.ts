/**
 * Starts that failed in a row, and how long to wait before the next: without it, a worker that dies at once would be
 * replaced as fast as the machine can fork.
 */
export class StartFailures {
  #count = 0;

  failed(): void {
    this.#count++;
  }

  succeeded(): void {
    this.#count = 0;
  }

  /** As many have failed as shows that the next won't be better: what waits should be told. */
  get isHopeless(): boolean {
    return this.#count >= hopelessAfter;
  }

  /** In ms; 0 as long as nothing has failed. */
  get delayMs(): number {
    return this.#count === 0 ? 0 : Math.min(firstDelayMs * 2 ** (this.#count - 1), longestDelayMs);
  }
}

const hopelessAfter = 3;
const firstDelayMs = 100;
const longestDelayMs = 10_000;

import type { Timings } from './timings.ts';

/**
 * Asks once more for paths on which something failed that may be over soon, as a network file system that is away for
 * a moment: after longer and longer pauses, for as long as it fails.
 */
export class Retries {
  readonly #timings: Timings;
  readonly #retry: (path: string) => void;
  readonly #planned = new Map<string, { readonly delay: number; readonly timer: NodeJS.Timeout }>();
  #closed = false;

  constructor(timings: Timings, retry: (path: string) => void) {
    this.#timings = timings;
    this.#retry = retry;
  }

  failed(path: string): void {
    if (this.#closed) return;
    const { firstRetry, longestRetry } = this.#timings;
    const before = this.#planned.get(path);
    clearTimeout(before?.timer);
    const delay = Math.min(before ? before.delay * 2 : firstRetry, longestRetry);
    this.#planned.set(path, { delay, timer: setTimeout(() => this.#retry(path), delay) });
  }

  succeeded(path: string): void {
    clearTimeout(this.#planned.get(path)?.timer);
    this.#planned.delete(path);
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#planned.values()) clearTimeout(timer);
    this.#planned.clear();
  }
}

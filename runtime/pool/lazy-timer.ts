import { longestTimerMs } from './timer.ts';

/**
 * A timer that is set and cleared for each invocation. That only notes a time; the timer below it, which costs more, is
 * started again when it fires too early. It lets the program end.
 */
export class LazyTimer {
  readonly #callback: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #firesAt = Number.POSITIVE_INFINITY;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  /** Calls back after so many ms from `now` (of performance.now()), in place of what was set before. */
  set(ms: number, now = performance.now()): void {
    this.#dueAt = now + ms;
    if (this.#dueAt < this.#firesAt) this.#start(ms, now);
  }

  /** Doesn't call back any more. */
  clear(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  /** Leaves nothing behind. */
  stop(): void {
    this.clear();
    clearTimeout(this.#timer);
    this.#firesAt = Number.POSITIVE_INFINITY;
  }

  #start(ms: number, now: number): void {
    clearTimeout(this.#timer);
    // What is longer is waited for in parts.
    const delay = Math.min(ms, longestTimerMs);
    this.#firesAt = now + delay;
    this.#timer = setTimeout(() => this.#fire(), Math.ceil(delay)).unref();
  }

  #fire(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    if (this.#dueAt === Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    const rest = this.#dueAt - now;
    if (rest > 0) {
      this.#start(rest, now);
      return;
    }
    this.clear();
    this.#callback();
  }
}

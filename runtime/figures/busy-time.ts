/** How much of the last minute was spent running, second by second. All times by performance.now(). */
export class BusyTime {
  readonly #seconds = new Float64Array(windowSeconds);
  /** The number of the second that was written last. */
  #last = 0;

  /** A run of so many ms has ended now. */
  add(ms: number, now: number): void {
    const second = this.#advance(now);
    let rest = ms;
    let part = Math.min(rest, now - second * 1000);
    const oldest = Math.max(0, second - windowSeconds + 1);
    for (let each = second; rest > 0 && each >= oldest; each--) {
      const slot = each % windowSeconds;
      this.#seconds[slot] = (this.#seconds[slot] as number) + part;
      rest -= part;
      part = Math.min(rest, 1000);
    }
  }

  /** What was spent since `windowStart(now)`, in ms. */
  total(now: number): number {
    this.#advance(now);
    return this.#seconds.reduce((sum, ms) => sum + ms, 0);
  }

  /** Forgets what is more than a minute ago, and returns the number of this second. */
  #advance(now: number): number {
    const second = Math.floor(now / 1000);
    if (second - this.#last >= windowSeconds) this.#seconds.fill(0);
    else for (let each = this.#last + 1; each <= second; each++) this.#seconds[each % windowSeconds] = 0;
    this.#last = Math.max(this.#last, second);
    return second;
  }
}

const windowSeconds = 60;

/** Where the minute begins that is looked at: 59 whole seconds ago and this one. */
export function windowStart(now: number): number {
  return Math.max(0, (Math.floor(now / 1000) - (windowSeconds - 1)) * 1000);
}

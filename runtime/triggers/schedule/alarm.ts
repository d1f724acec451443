import type { Clock } from './clock.ts';
import type { Times } from './times.ts';
import type { Timings } from './timings.ts';

export interface AlarmContext {
  readonly times: Times;
  readonly clock: Clock;
  readonly timings: Timings;
  /** Up to when no time is open. */
  readonly upTo: number;
  /** At least one time after `upTo` has come; the last one may have been a while ago. */
  onTime(come: { readonly upTo: number; readonly last: number; readonly isLate: boolean }): void;
  /** The clock was set back for good, from `upTo` at least: times from `now` on may come again. */
  onSetBack(upTo: number, now: number): void;
}

/**
 * Tells when the times of a schedule come: by the clock on the wall, whatever is done to that. No time comes twice while
 * the clock goes forward, or back by a little.
 */
export class Alarm {
  readonly #context: AlarmContext;
  #upTo: number;
  #next: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(context: AlarmContext) {
    this.#context = context;
    this.#upTo = context.upTo;
    this.#next = context.times.after(context.upTo);
  }

  /** The time it waits for; undefined while it is stopped. */
  get next(): number | undefined {
    return this.#cancel && this.#next;
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    const { clock, timings } = this.#context;
    const now = clock.now();
    if (now < this.#upTo - timings.correction) this.#setBack(now);
    else if (this.#next !== undefined && now >= this.#next) this.#come(now);
    // What is called may take its time.
    const nap = Math.min((this.#next ?? Infinity) - clock.now(), timings.longestNap);
    this.#cancel = clock.wake(() => this.#look(), Math.max(nap, 0));
  }

  #come(now: number): void {
    const { times, timings, onTime } = this.#context;
    const upTo = this.#upTo;
    const last = times.until(now) ?? upTo;
    this.#advance(Math.max(last, upTo));
    if (last > upTo) onTime({ upTo, last, isLate: now - last > timings.punctual });
  }

  #setBack(now: number): void {
    const upTo = this.#upTo;
    this.#advance(now);
    this.#context.onSetBack(upTo, now);
  }

  #advance(upTo: number): void {
    this.#upTo = upTo;
    this.#next = this.#context.times.after(upTo);
  }
}

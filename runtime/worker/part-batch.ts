import type { Channel } from '../channel/channel.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';

/** A part that comes so soon after the one before it costs less than to send it by itself, which takes some 10 µs. */
const soonMs = 0.05;

/**
 * So many have to come as soon before any waits for the next: one that is followed by a long computation, or by the end
 * of the worker, should have been sent.
 */
const shownAfter = 16;

/** And then no part waits for longer while others follow. */
const longestBatchMs = 0.2;

/** As many bytes as the buffer of a batch holds, half full. */
const fullBytes = 32 * 1024;

/** Decides when the parts that a run has added to its channel are sent: at once, or together with the next. */
export class PartBatch {
  readonly #channel: Channel<FromWorker, ToWorker>;
  #bytes = 0;
  /** How many parts have come soon after the one before. */
  #streak = 0;
  #lastAt = 0;
  #sentAt = 0;
  #isDue = false;

  constructor(channel: Channel<FromWorker, ToWorker>) {
    this.#channel = channel;
  }

  /** A part of so many bytes has been added. */
  added(bytes: number): void {
    const now = performance.now();
    this.#streak = now - this.#lastAt < soonMs ? this.#streak + 1 : 0;
    this.#lastAt = now;
    this.#bytes += bytes;
    const mayWait =
      this.#streak >= shownAfter && this.#bytes < fullBytes && now - this.#sentAt < longestBatchMs;
    if (mayWait) this.#flushSoon();
    else this.#flush(now);
  }

  /** The function goes on after a wait that was not its own. */
  goesOn(): void {
    this.#lastAt = performance.now();
  }

  flush(): void {
    this.#flush(performance.now());
  }

  #flush(now: number): void {
    this.#sentAt = now;
    this.#bytes = 0;
    this.#channel.flush();
  }

  // The function may wait for something now, and the reader should not wait with it.
  #flushSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.flush();
    });
  }
}

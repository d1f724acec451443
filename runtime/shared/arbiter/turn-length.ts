/**
 * How long whoever waited for a lock may take it again and again although others wait. To hand a lock to another worker takes two
 * messages: some 0.4 ms between them where nothing else runs, and with more that wants to run than there are cores 2 to 3 ms on
 * average, as each message has to wait for a core. So a turn is some times as long: the lock is then of use for eight
 * ninths of the time. With turns of 1 ms, eight workers beside three busy loops had it for a third.
 */
export class TurnLength {
  #handOverMs = shortestTurnMs / turnsPerHandOver;

  /** In ms. */
  get ms(): number {
    return Math.min(longestTurnMs, Math.max(shortestTurnMs, turnsPerHandOver * this.#handOverMs));
  }

  /** A lock was handed to another one, and word of that came back, after so many ms; without the time that it was held. */
  handedOver(ms: number): void {
    const sample = Math.min(longestTurnMs, Math.max(0, ms));
    this.#handOverMs += (sample - this.#handOverMs) * newestWeight;
  }
}

/** A turn is so many times as long as it takes to hand the lock over. */
export const turnsPerHandOver = 8;

const shortestTurnMs = 1;

/** Of eight workers the last one waits for 140 ms then. */
const longestTurnMs = 20;

/** Most messages wait for nobody, and some for 20 ms: it is their mean that counts. */
const newestWeight = 1 / 16;

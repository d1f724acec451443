/** What is had without a message goes on for no longer than this, in ms, without a turn of the event loop. */
const longestMs = 10;

/**
 * Lets the event loop of a worker turn. What is had without a message is had within the call, and a loop over such calls
 * would keep all else waiting: timers, sockets, and the message that its invocation is cancelled.
 */
export class Breath {
  /** When something was had for the first time since the event loop has turned; 0: nothing was. */
  #since = 0;
  /** When the clock was read last, of which there is no need for so many times. */
  #lookedAt = 0;
  #timesToLook = 0;
  /** Comes with the turn. One for each, or those of a pause would end the next one before the event loop has turned. */
  #immediate: NodeJS.Immediate | undefined;
  #turn: Promise<void> | undefined;
  #resolve = () => {};

  /** To be waited for before the next thing is given out; undefined while there is time. */
  get turn(): Promise<void> | undefined {
    if (this.#timesToLook === 0) return this.#look();
    this.#timesToLook--;
    return undefined;
  }

  /** Resolves with this: now, or when the event loop has turned. */
  give<Value>(value: Value): Promise<Value> {
    const { turn } = this;
    return turn ? after(turn, value) : Promise.resolve(value);
  }

  #look(): Promise<void> | undefined {
    if (this.#turn) return this.#turn;
    const now = performance.now();
    if (this.#since === 0) {
      this.#since = now;
      // No part of what the function does: without anything else the event loop has nothing to turn for.
      this.#immediate = setImmediate(this.#turned).unref();
    }
    if (now - this.#since > longestMs) return this.#pause();
    if (now - this.#lookedAt < shortMs) this.#timesToLook = timesPerLook - 1;
    this.#lookedAt = now;
    return undefined;
  }

  #pause(): Promise<void> {
    this.#turn = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#immediate?.ref();
    return this.#turn;
  }

  readonly #turned = (): void => {
    this.#since = 0;
    this.#timesToLook = 0;
    this.#turn = undefined;
    this.#resolve();
  };
}

// Not a closure in what has no need for it: making room for what one keeps takes a tenth of the time of a lock.
async function after<Value>(turn: Promise<void>, value: Value): Promise<Value> {
  await turn;
  return value;
}

/** The clock, which takes a tenth of the time that it takes to have a lock, is read after so many times. */
const timesPerLook = 32;
/** As long as those took shorter than this together, in ms: so a pause is late by a few of the longest at most. */
const shortMs = 0.1;

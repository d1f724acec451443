/** What a schedule knows of time. One object, so that tests can have days go by. */
export interface Clock {
  /** The clock on the wall, in ms since 1970: it can be set, and goes on while the machine sleeps. */
  now(): number;
  /** Calls back after so many ms, those in which the machine sleeps not counted. Returns what cancels it. */
  wake(callback: () => void, ms: number): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  wake(callback, ms) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

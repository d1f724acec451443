/**
 * Notices bursts of file system events, after which some may be missing. Linux drops what exceeds the queue of
 * inotify (16,384 events by default) and Node doesn't say so. All watchers of a process share that queue and it is
 * read to its end in one turn of the loop, so the events of all watchers in one turn are counted together.
 */
class EventBursts {
  readonly #listeners = new Set<() => void>();
  #count = 0;

  /** Counts one event. */
  count(): void {
    this.#count += 1;
    if (this.#count === 1) setImmediate(() => this.#endTurn());
  }

  /** Calls `listener` after each turn with a burst in it. Returns the function that ends this. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #endTurn(): void {
    const isBurst = this.#count >= BURST;
    this.#count = 0;
    if (!isBurst) return;
    for (const listener of this.#listeners) listener();
  }
}

// A sixteenth of the default queue: other watchers of the process, whose events aren't counted here, may have filled
// the rest. A false alarm costs one look at each known file, 5 µs of the loop's time.
const BURST = 1_024;

export const eventBursts = new EventBursts();

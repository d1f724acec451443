import type { Asker } from './asker.ts';

export interface Waiting {
  /** For the error of one that gives up. */
  waitedFor(): string;
  /** It is its turn. */
  serve(): void;
  /** It left the line without having been served. */
  left?(): void;
  /** What to do when it gives up, in place of an answer that says so. */
  endWait?(): void;
}

interface Waiter {
  readonly asker: Asker;
  readonly id: number;
  readonly waiting: Waiting;
}

/** Those who wait for one thing, first come, first served. One that gives up, or is gone, leaves in O(1). */
export class Line {
  readonly #waiters = new Set<Waiter>();

  get isEmpty(): boolean {
    return this.#waiters.size === 0;
  }

  get length(): number {
    return this.#waiters.size;
  }

  add(asker: Asker, id: number, waiting: Waiting): void {
    const waiter: Waiter = { asker, id, waiting };
    this.#waiters.add(waiter);
    asker.beginWait(id, other);
    asker.keep(id, {
      giveUp: () => {
        if (!this.#waiters.delete(waiter)) return undefined;
        asker.endWait(id);
        const told = waiting.waitedFor();
        waiting.left?.();
        if (!waiting.endWait || asker.isGone) return told;
        waiting.endWait();
        return undefined;
      },
      abandon: () => {},
    });
  }

  /** Serves whoever is first; returns false when nobody waits. */
  serveNext(): boolean {
    const [first] = this.#waiters;
    if (!first) return false;
    this.#waiters.delete(first);
    first.asker.endWait(first.id);
    first.asker.drop(first.id);
    first.waiting.serve();
    return true;
  }

  /** Serves all that wait now. */
  serveAll(): void {
    for (let left = this.#waiters.size; left > 0; left--) this.serveNext();
  }
}

/** It is for no lock. */
const other = {} as const;

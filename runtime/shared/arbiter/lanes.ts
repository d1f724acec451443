import { closedWord } from '../shared-words.ts';
import type { Asker } from './asker.ts';
import type { Destination, Outbox } from './outbox.ts';
import type { WordStore } from './word-store.ts';

/** How an asker puts items into a queue without a message; without a number it can't. */
export interface LaneInfo {
  readonly lane?: number;
  /** Where the word is that says whether the queue was closed. */
  readonly closedPlace?: number;
  /** How many of its items came after that. */
  readonly refused: number;
}

/** The ways to one queue that lead through the outboxes of those who put items into it. */
export class Lanes {
  readonly #queue: Destination;
  readonly #store: WordStore;
  readonly #outboxes = new Set<Outbox>();
  #closedPlace: number | undefined;

  constructor(queue: Destination, store: WordStore) {
    this.#queue = queue;
    this.#store = store;
  }

  get areOpen(): boolean {
    return this.#outboxes.size > 0;
  }

  /** Opens one for this asker, if it may have one. */
  of({ outbox }: Asker, mayOpen: boolean): LaneInfo {
    const refused = outbox?.refusedBy(this.#queue) ?? 0;
    if (!outbox || !mayOpen) return { refused };
    this.#closedPlace ??= this.#store.take();
    const lane = this.#closedPlace === undefined ? undefined : outbox.laneTo(this.#queue);
    if (lane === undefined) return { refused };
    this.#outboxes.add(outbox);
    return { lane, closedPlace: this.#closedPlace, refused };
  }

  /** Brings to the queue what was put by now. */
  collect(): void {
    for (const outbox of this.#outboxes) outbox.drain();
  }

  /** From the next item on somebody waits for it. */
  wantBells(): void {
    for (const outbox of this.#outboxes) if (!outbox.wantsBell()) outbox.drain();
  }

  /** The queue takes nothing any more but what was put by now. */
  close(): void {
    // Whoever puts an item looks at this word after it: what was put before it was written is brought here now.
    if (this.#closedPlace !== undefined)
      Atomics.store(this.#store.words.array, this.#closedPlace, closedWord.closed);
    this.collect();
  }

  leftBy({ outbox }: Asker): void {
    if (outbox) this.#outboxes.delete(outbox);
    if (this.areOpen || this.#closedPlace === undefined) return;
    this.#store.giveBack(this.#closedPlace);
    this.#closedPlace = undefined;
  }
}

import { laneWord } from '../shared-words.ts';
import type { Asker } from './asker.ts';
import type { Destination, Outbox } from './outbox.ts';
import type { WordStore } from './word-store.ts';

/** How an asker puts items into a queue without a message; without a number it can't. */
export interface LaneInfo {
  readonly lane?: number;
  /** Where the word is that says whether it may be used. */
  readonly wordPlace?: number;
  /** How many of its items came after that. */
  readonly refused: number;
}

/** The ways to one queue that lead through the outboxes of those who put items into it. */
export class Lanes {
  readonly #queue: Destination;
  readonly #store: WordStore;
  readonly #outboxes = new Set<Outbox>();
  #wordPlace: number | undefined;

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
    const wordPlace = this.#wordPlace ?? this.#store.take();
    if (wordPlace === undefined) return { refused };
    const lane = outbox.laneTo(this.#queue);
    if (lane === undefined) {
      if (this.#wordPlace === undefined) this.#store.giveBack(wordPlace);
      return { refused };
    }
    this.#wordPlace = wordPlace;
    this.#outboxes.add(outbox);
    if (this.#queue.isAwaited) outbox.listenFor(this.#queue);
    return { lane, wordPlace, refused };
  }

  /** Brings to the queue what was put by now. */
  collect(): void {
    for (const outbox of this.#outboxes) outbox.drain();
  }

  /** From the next item on somebody waits for it. */
  wantBells(): void {
    for (const outbox of this.#outboxes) outbox.listenFor(this.#queue);
  }

  /** From now on items are put by messages, or not at all; those that were put by now are brought here. */
  close(why: 'closed' | 'limited'): void {
    // Whoever puts an item looks at this word after it: what was put before it was written is brought here now.
    if (this.#wordPlace !== undefined) Atomics.store(this.#store.words.array, this.#wordPlace, laneWord[why]);
    this.collect();
  }

  leftBy({ outbox }: Asker): void {
    if (outbox && this.#outboxes.delete(outbox)) outbox.closeLane(this.#queue);
    if (this.areOpen || this.#wordPlace === undefined) return;
    this.#store.giveBack(this.#wordPlace);
    this.#wordPlace = undefined;
  }
}

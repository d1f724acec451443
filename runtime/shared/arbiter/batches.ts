import { batchWord } from '../shared-words.ts';
import type { Asker } from './asker.ts';
import type { WordStore } from './word-store.ts';

interface Batch<Item> {
  readonly place: number;
  number: number;
  /** Which of all batches it is: its items came before those of later ones. */
  serial: number;
  items: readonly Item[];
}

/** Where the word of a batch lies, and which batch it has to be of. */
export interface BatchPlace {
  readonly place: number;
  readonly number: number;
}

/** The items of one queue that askers have ahead. Each has one batch at most, and gets another when it has taken all of it. */
export class Batches<Item> {
  readonly #store: WordStore;
  readonly #batches = new Map<Asker, Batch<Item>>();
  #given = 0;

  constructor(store: WordStore) {
    this.#store = store;
  }

  /** How many items have not been taken. */
  get ahead(): number {
    let sum = 0;
    for (const batch of this.#batches.values()) sum += Math.max(0, batch.items.length - this.#taken(batch));
    return sum;
  }

  /** Gives these to an asker that has taken all it had; undefined when it can't have any. */
  give(asker: Asker, items: readonly Item[]): BatchPlace | undefined {
    const before = this.#batches.get(asker);
    const place = before?.place ?? this.#store.take();
    if (place === undefined) return undefined;
    const number = ((before?.number ?? 0) + 1) & 0xfff;
    this.#batches.set(asker, { place, number, serial: ++this.#given, items });
    Atomics.store(this.#store.words.array, place, batchWord.of(number, items.length));
    return { place, number };
  }

  /** Whether this asker has nothing ahead. */
  isOut(asker: Asker): boolean {
    const batch = this.#batches.get(asker);
    return batch === undefined || this.#taken(batch) >= batch.items.length;
  }

  /** Takes back what this asker has not taken. */
  takeBack(asker: Asker): readonly Item[] {
    const batch = this.#batches.get(asker);
    if (!batch) return [];
    const { array } = this.#store.words;
    for (;;) {
      const word = Atomics.load(array, batch.place);
      const taken = batchWord.taken(word);
      if (
        Atomics.compareExchange(array, batch.place, word, batchWord.of(batch.number, taken, taken)) !== word
      )
        continue;
      const rest = batch.items.slice(taken);
      batch.items = batch.items.slice(0, taken);
      return rest;
    }
  }

  /** The same of all, in the order in which they were put. */
  takeBackAll(): readonly Item[] {
    const inOrder = [...this.#batches].sort(([, a], [, b]) => a.serial - b.serial);
    return inOrder.flatMap(([asker]) => this.takeBack(asker));
  }

  /** This asker is gone. */
  leftBy(asker: Asker): readonly Item[] {
    const rest = this.takeBack(asker);
    const batch = this.#batches.get(asker);
    if (batch) this.#store.giveBack(batch.place);
    this.#batches.delete(asker);
    return rest;
  }

  get isEmpty(): boolean {
    return this.#batches.size === 0;
  }

  #taken({ place }: Batch<Item>): number {
    return batchWord.taken(Atomics.load(this.#store.words.array, place));
  }
}

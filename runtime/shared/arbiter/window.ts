import type { EncodedBytes, EncodedValue } from '../../channel/codec.ts';
import { type Batch, packBatch } from '../batch-format.ts';
import { headWord } from '../shared-words.ts';
import type { WordStore } from './word-store.ts';

/** What can be sent with others. */
interface Sendable {
  readonly value: EncodedValue;
}

interface Claimed<Item> {
  readonly item: Item;
  readonly number: number;
}

/** Some items that follow each other, for a reader: the first of them is its own, the others it may take. */
export interface Sent {
  /** Where the word is that says which is the next one: see `headWord`. */
  readonly place: number;
  /** The number of its own one. */
  readonly from: number;
  readonly count: number;
}

/**
 * The first items of a queue, which its readers were sent ahead: all of them the same ones, so that what one of them does
 * not take the others have, in its turn. Readers take them in their own time: what is asked about them may be
 * otherwise a moment later, but for what was claimed or taken back.
 */
export class Window<Item extends Sendable> {
  readonly #store: WordStore;
  #place: number | undefined;
  /** The number of the first one below. */
  #from: number = headWord.first;
  #items: Item[] = [];
  /** All items from a number on, as they were sent last. */
  #packed: { readonly from: number; readonly batch: Batch } | undefined;

  constructor(store: WordStore) {
    this.#store = store;
  }

  /** How many nobody has had. */
  get length(): number {
    this.#dropHad();
    return this.#items.length;
  }

  /** Puts these behind the others. Returns false when no word is left. */
  add(items: readonly Item[]): boolean {
    const isWornOut = this.#from >= headWord.last;
    const place = this.#place === undefined || isWornOut ? this.#store.takeHead() : this.#place;
    if (place === undefined) return false;
    if (place !== this.#place) {
      this.#items = this.takeBack();
      this.release();
      this.#place = place;
      this.#from = Atomics.load(this.#store.words.array, place);
    }
    this.#items.push(...items);
    this.#packed = undefined;
    return true;
  }

  /** Has the first one that nobody has had, and tells its number. */
  claim(): Claimed<Item> | undefined {
    for (;;) {
      this.#dropHad();
      const [item] = this.#items;
      if (item === undefined) return undefined;
      const number = this.#from;
      if (!this.#moveHead(number + 1)) continue;
      this.#items.shift();
      this.#from = number + 1;
      return { item, number };
    }
  }

  /** What a reader is sent for which this one has been claimed just now. */
  sentFrom({ item, number }: Claimed<Item>): { readonly sent: Sent; readonly body: EncodedBytes } {
    this.#packed ??= { from: number, batch: packBatch([item, ...this.#items].map(({ value }) => value)) };
    const { from, batch } = this.#packed;
    const bytes = batch.bytes.subarray(batch.starts[number - from]);
    const sent = { place: this.#place as number, from: number, count: batch.starts.length - (number - from) };
    return { sent, body: { codec: 'v8', bytes } };
  }

  /** From now on no reader has any of them. Returns those that nobody has had. */
  takeBack(): Item[] {
    for (;;) {
      this.#dropHad();
      if (this.#items.length === 0) return [];
      const end = this.#from + this.#items.length;
      if (!this.#moveHead(end)) continue;
      const rest = this.#items;
      this.#items = [];
      this.#packed = undefined;
      this.#from = end;
      return rest;
    }
  }

  /** It is not used any more. */
  release(): void {
    if (this.#place !== undefined) this.#store.giveBackHead(this.#place);
    this.#place = undefined;
  }

  #moveHead(to: number): boolean {
    const place = this.#place as number;
    return Atomics.compareExchange(this.#store.words.array, place, this.#from, to) === this.#from;
  }

  #dropHad(): void {
    if (this.#place === undefined || this.#items.length === 0) {
      this.#packed = undefined;
      return;
    }
    const { array } = this.#store.words;
    const head = Atomics.load(array, this.#place);
    const count = head - this.#from;
    if (count === 0) return;
    if (count > 0 && count <= this.#items.length) {
      this.#items.splice(0, count);
      this.#from = head;
    } else {
      // A function has written to memory that is not its own.
      this.#from += this.#items.length;
      this.#items = [];
      Atomics.store(array, this.#place, this.#from);
    }
  }
}

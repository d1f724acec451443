import type { EncodedValue } from '../../channel/codec.ts';
import { fitsBatch } from '../batch-format.ts';
import { ItemLine } from './item-line.ts';
import { type Sent, Window } from './window.ts';
import type { WordStore } from './word-store.ts';

export interface Item {
  readonly value: EncodedValue | undefined;
  /** How many had come before it. */
  readonly order: number;
  /** How often somebody had it and was gone before it was done. */
  readonly returns: number;
}

type SendableItem = Item & { readonly value: EncodedValue };

/** An item that somebody is given, and those behind it that are sent along. */
export interface Given {
  readonly item: Item;
  readonly along?: { readonly sent: Sent; readonly body: EncodedValue };
}

/**
 * So many items are sent ahead, and so many bytes: some time's work, so that readers don't all wait for the next ones. While
 * half of them are there all readers are sent the same ones, which are put together once.
 */
const mostAhead = 1024;
const mostBytesAhead = 64 * 1024;

/**
 * The items of a queue. The first ones may be ahead with those who get them; all are had in the order in which they came,
 * but for those that come back.
 */
export class Stock {
  readonly #line = new ItemLine<Item>();
  readonly #window: Window<SendableItem>;
  #came = 0;

  constructor(store: WordStore) {
    this.#window = new Window(store);
  }

  get size(): number {
    return this.#window.length + this.#line.length;
  }

  push(value: EncodedValue | undefined): void {
    this.#line.push({ value, order: this.#came++, returns: 0 });
  }

  /** The first item that nobody has had. With `many` others are sent along: nobody tells whether those were had. */
  next(many: boolean): Given | undefined {
    const isAhead = many && this.#fillWindow();
    const claimed = this.#window.claim();
    if (claimed) return { item: claimed.item, ...(isAhead && { along: this.#window.sentFrom(claimed) }) };
    const item = this.#line.shift();
    return item && { item };
  }

  /** Somebody had this one and is gone. */
  putBack(item: Item): void {
    this.takeBack();
    this.#line.putBack([{ ...item, returns: item.returns + 1 }]);
  }

  /** From now on none of them is ahead. */
  takeBack(): void {
    this.#line.putBack(this.#window.takeBack());
  }

  clear(): void {
    this.takeBack();
    this.#line.clear();
  }

  /** It is not used any more. */
  release(): void {
    this.#window.release();
  }

  /** Returns whether there is anything ahead. */
  #fillWindow(): boolean {
    const ahead = this.#window.length;
    // One alone is given as it is.
    if (ahead >= mostAhead / 2 || ahead + this.#line.length < 2) return ahead > 0;
    let bytes = 0;
    const fits = (item: Item): item is SendableItem => {
      if (!fitsBatch(item.value)) return false;
      bytes += typeof item.value === 'string' ? item.value.length : item.value.bytes.length;
      return bytes <= mostBytesAhead;
    };
    const items = this.#line.shiftWhile(mostAhead - ahead, fits);
    if (items.length === 0) return ahead > 0;
    if (this.#window.add(items)) return true;
    this.#line.putBack(items);
    return false;
  }
}

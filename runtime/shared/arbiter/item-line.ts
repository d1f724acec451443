/** An item knows by `order` the how manieth it was to come. */
interface Ordered {
  readonly order: number;
}

/** A line to which items come back: each to its old place, before all that came after it. Amortized O(1). */
export class ItemLine<Item extends Ordered> {
  #items: (Item | undefined)[] = [];
  #first = 0;
  /** What came back, the last of it first. */
  readonly #returned: Item[] = [];

  get length(): number {
    return this.#items.length - this.#first + this.#returned.length;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  /** Puts these back, which follow each other, and were before all that have never been had. */
  putBack(items: readonly Item[]): void {
    const returned = this.#returned;
    for (let index = items.length - 1; index >= 0; index--) {
      const item = items[index] as Item;
      let at = returned.length;
      while (at > 0 && (returned[at - 1] as Item).order < item.order) at--;
      if (at === returned.length) returned.push(item);
      else returned.splice(at, 0, item);
    }
  }

  shift(): Item | undefined {
    if (this.#returned.length > 0) return this.#returned.pop();
    if (this.#first === this.#items.length) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first >= compactFrom && this.#first * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** Takes items from the front as long as they are so, at most that many. */
  shiftWhile<So extends Item>(most: number, isSo: (item: Item) => item is So): So[] {
    const taken: So[] = [];
    for (let next = this.#head; next !== undefined && taken.length < most && isSo(next); next = this.#head) {
      taken.push(next);
      this.shift();
    }
    return taken;
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
    this.#returned.length = 0;
  }

  get #head(): Item | undefined {
    return this.#returned.at(-1) ?? this.#items[this.#first];
  }
}

/** Below that moving the rest to the front is not worth it. */
const compactFrom = 1024;

/** A line with two ends: what comes back is put before everything else. Amortized O(1). */
export class ItemLine<Item> {
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

  /** Puts these back before all others, in their order. */
  putBack(items: readonly Item[]): void {
    for (let index = items.length - 1; index >= 0; index--) this.#returned.push(items[index] as Item);
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
  shiftWhile(most: number, isSo: (item: Item) => boolean): Item[] {
    const taken: Item[] = [];
    for (let next = this.#head; next !== undefined && taken.length < most && isSo(next); next = this.#head) {
      taken.push(this.shift() as Item);
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

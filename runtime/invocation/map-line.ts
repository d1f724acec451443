/** How an item ended. With `isLast` nothing comes after its error. */
export type ItemOutcome = { readonly value: unknown } | { readonly error: unknown; readonly isLast: boolean };

/** An item on its way by itself. An error of the source stands in its place in line as one that has ended. */
export interface Entry<Item> {
  readonly index: number;
  readonly item: Item | undefined;
  outcome?: ItemOutcome;
}

/** Items on their way together, which end in their order. */
export class Stretch<Item> {
  /** Of the first item. */
  readonly index: number;
  readonly items: readonly Item[];
  /** What those that have ended have given. */
  values: readonly unknown[] = [];
  /** How many end here: all of them, unless the others were split off. */
  count: number;
  taken = 0;

  constructor(index: number, items: readonly Item[]) {
    this.index = index;
    this.items = items;
    this.count = items.length;
  }
}

export const nothingReady = Symbol('nothing is ready');

/** What will be handed out, in this order: as the items were read, or as they ended. */
export class Line<Item> {
  readonly #parts: (Entry<Item> | Stretch<Item>)[] = [];

  push(part: Entry<Item> | Stretch<Item>): void {
    this.#parts.push(part);
  }

  pushFirst(entry: Entry<Item>): void {
    this.#parts.unshift(entry);
  }

  /** These were part of a stretch, and come after what remains of it. */
  splitOff(stretch: Stretch<Item>, entries: readonly Entry<Item>[]): void {
    stretch.count -= entries.length;
    this.#parts.splice(this.#parts.indexOf(stretch) + 1, 0, ...entries);
  }

  /** The value of the next one, if it is one of a stretch and has ended; else `nothingReady`. */
  takeValue(): unknown {
    for (let [part] = this.#parts; part instanceof Stretch; [part] = this.#parts) {
      if (part.taken < part.values.length) {
        const value = part.values[part.taken++];
        if (part.taken === part.count) this.#parts.shift();
        return value;
      }
      if (part.taken < part.count) break;
      this.#parts.shift();
    }
    return nothingReady;
  }

  /** Adds the lists of values of the next ones, as far as they are of stretches and have ended; returns how many values. */
  takeLists(lists: (readonly unknown[])[]): number {
    let count = 0;
    for (let [part] = this.#parts; part instanceof Stretch; [part] = this.#parts) {
      const { values, taken } = part;
      if (taken < values.length) lists.push(taken === 0 ? values : values.slice(taken));
      count += values.length - taken;
      part.taken = values.length;
      if (part.taken < part.count) break;
      this.#parts.shift();
    }
    return count;
  }

  /** Whether the next one has ended. */
  get isReady(): boolean {
    for (let [part] = this.#parts; part !== undefined; [part] = this.#parts) {
      if (!(part instanceof Stretch)) return part.outcome !== undefined;
      if (part.taken < part.values.length) return true;
      if (part.taken < part.count) return false;
      this.#parts.shift();
    }
    return false;
  }

  /** The next one, if it was on its way by itself and has ended. */
  takeEntry(): Entry<Item> | undefined {
    const [part] = this.#parts;
    if (part === undefined || part instanceof Stretch || !part.outcome) return undefined;
    this.#parts.shift();
    return part;
  }
}

import { expectedText } from '../options/expected.ts';

/** One step of a source: an item, or its end. */
export type Step<Item> = { readonly done: false; readonly item: Item } | { readonly done: true };

type Reading<Item> = IteratorResult<Item> | Promise<IteratorResult<Item>>;

/** Reads an iterable or an async iterable, one item at a time: what is there at once comes at once. */
export class ItemSource<Item> {
  readonly #iterator: Iterator<Item> | AsyncIterator<Item>;
  #hasEnded = false;
  #isReading = false;
  /** While the iterator runs: then it can't be told to end. */
  #isInNext = false;
  #isClosed = false;

  constructor(source: Iterable<Item> | AsyncIterable<Item>) {
    this.#iterator = iteratorOf(source);
    if (typeof (this.#iterator as Partial<Iterator<Item>> | null)?.next === 'function') return;
    throw new TypeError(expectedText('the iterator of the items to have a `next`', this.#iterator));
  }

  /** Whether there is nothing to read: it has ended, or the step before is not there yet. */
  get isBusy(): boolean {
    return this.#hasEnded || this.#isReading;
  }

  /** Whether it has ended. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Reads up to `room` items that are there at once, as long as `goesOn`, and adds them to the list. Returns the next step
   * when that has to be waited for. Throws, or rejects, with what the source fails with, which has ended then.
   */
  read(list: Item[], room: number, goesOn: () => boolean): Promise<Step<Item>> | undefined {
    for (let left = room; left > 0 && !this.#hasEnded && goesOn(); left--) {
      let result: Reading<Item>;
      this.#isInNext = true;
      try {
        result = this.#iterator.next();
        checkResult(result);
      } catch (error) {
        this.#hasEnded = true;
        throw error;
      } finally {
        this.#isInNext = false;
      }
      if (this.#isClosed) this.#return();
      if (isPromise(result) || isPromise(result.value)) return this.#later(result);
      if (result.done) this.#hasEnded = true;
      else list.push(result.value);
    }
    return undefined;
  }

  /** Lets it free what it holds, unless it has ended. */
  async close(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#isClosed = true;
    if (this.#isInNext) return;
    const closed = this.#iterator.return?.();
    // It may never answer what it was asked before, and a generator answers in order.
    if (this.#isReading) Promise.resolve(closed).catch(() => {});
    else await closed;
  }

  /** Closes what has ended its own iteration while it was read. */
  #return(): void {
    try {
      Promise.resolve(this.#iterator.return?.()).catch(() => {});
    } catch {
      // Why it ends is told, and not that the source could not be closed as well.
    }
  }

  async #later(pending: Reading<Item>): Promise<Step<Item>> {
    this.#isReading = true;
    let result: IteratorResult<Item>;
    try {
      result = await pending;
      checkResult(result);
    } catch (error) {
      this.#hasEnded = true;
      throw error;
    } finally {
      this.#isReading = false;
    }
    // Of an iterable of promises, as `for await` takes it. One that rejects has not ended the iterable.
    if (!isPromise(result.value)) return this.#stepOf(result);
    this.#isReading = true;
    try {
      return { done: false, item: await result.value };
    } finally {
      this.#isReading = false;
    }
  }

  #stepOf(result: IteratorResult<Item>): Step<Item> {
    if (!result.done) return { done: false, item: result.value };
    this.#hasEnded = true;
    return { done: true };
  }
}

function iteratorOf<Item>(
  source: Iterable<Item> | AsyncIterable<Item>,
): Iterator<Item> | AsyncIterator<Item> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  const open = source[Symbol.iterator];
  const iterator = open.call(source);
  const isOrdinary = Array.isArray(source) && open === iteratorOfArrays && iterator.next === nextOfArrays;
  return isOrdinary ? new ArrayItems(source) : iterator;
}

const iteratorOfArrays: unknown = Array.prototype[Symbol.iterator];
const nextOfArrays: unknown = [].values().next;

/** Reads an array as its own iterator does, with one result for all of its steps. */
class ArrayItems<Item> implements Iterator<Item> {
  readonly #items: readonly Item[];
  readonly #step: { done: boolean; value: Item | undefined } = { done: false, value: undefined };
  #next = 0;

  constructor(items: readonly Item[]) {
    this.#items = items;
  }

  next(): IteratorResult<Item> {
    const step = this.#step;
    step.done = this.#next >= this.#items.length;
    step.value = step.done ? undefined : this.#items[this.#next++];
    return step as IteratorResult<Item>;
  }
}

/** Anything else would be taken for an endless row of nothing. */
function checkResult(result: unknown): void {
  if (typeof result === 'object' && result !== null) return;
  throw new TypeError(expectedText('`next` of the items to give an object', result));
}

function isPromise<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

import { CancelledError } from '../errors/pool-errors.ts';
import { ItemSource } from './item-source.ts';
import type { MapOptions, MapResults } from './map.ts';
import { Line, nothingReady } from './map-line.ts';
import { type MapContext, Sender } from './map-sender.ts';
import { textOf } from './text.ts';

/**
 * How many items may have been read and not handed out, for each that may run: one that is slow, or a slow reader,
 * doesn't stop the others at once, and what is kept is bounded.
 */
const keptPerConcurrency = 2;

/** One iteration over the results. Whichever way it ends, nothing of it runs on and its source is closed. */
export class Mapping<Result, Item> implements MapResults<Result> {
  readonly #iterable: Iterable<Item> | AsyncIterable<Item>;
  readonly #options: MapOptions<Item>;
  readonly #isOrdered: boolean;
  readonly #results: AsyncGenerator<Result, void, undefined>;
  readonly #line = new Line<Item>();
  readonly #sender: Sender<Item>;
  #source: ItemSource<Item> | undefined;
  /** How many were sent to the workers, an error of the source among them. */
  #started = 0;
  /** How many have been handed out. */
  #handed = 0;
  /** Reading has stopped until no more than this are kept. */
  #readsAt = -1;
  /** What was read in this turn. */
  #toStart: Item[] = [];
  #isStartDue = false;
  /** How many calls of `next` wait. */
  #asked = 0;
  /** Nothing more is read: an error is on its way out. */
  #isEnding = false;
  /** Nothing more is handed out. */
  #isStopped = false;
  #aborted: CancelledError | undefined;
  #wake: () => void = () => {};

  constructor(
    iterable: Iterable<Item> | AsyncIterable<Item>,
    options: MapOptions<Item>,
    context: MapContext,
  ) {
    this.#iterable = iterable;
    this.#options = options;
    this.#isOrdered = options.ordered ?? true;
    this.#sender = new Sender(options, context, this.#line, {
      onEnded: () => {
        this.#wake();
        this.#read();
      },
      onLast: (index) => this.#endWith(index),
    });
    this.#results = this.#run();
  }

  next(): Promise<IteratorResult<Result, void>> {
    // What is there is handed out without the generator, which would take four times as long.
    if (this.#asked === 0 && !this.#isStopped) {
      const value = this.#line.takeValue();
      if (value !== nothingReady) {
        this.#handOut(1);
        return Promise.resolve({ done: false, value: value as Result });
      }
    }
    this.#asked++;
    const result = this.#results.next();
    result.then(this.#answered, this.#answered);
    return result;
  }

  async toArray(): Promise<Result[]> {
    const lists: (readonly unknown[])[] = [];
    for (;;) {
      // Without a promise for each of them.
      if (this.#asked === 0 && !this.#isStopped) this.#handOut(this.#line.takeLists(lists));
      const next = await this.next();
      if (next.done) return joined(lists) as Result[];
      lists.push([next.value]);
    }
  }

  // A generator hears of these two only when the `next` before them is answered, for which it would wait here.
  return(): Promise<IteratorResult<Result, void>> {
    this.#stop();
    return this.#results.return();
  }

  throw(error: unknown): Promise<IteratorResult<Result, void>> {
    this.#stop();
    return this.#results.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  readonly #answered = (): void => {
    this.#asked--;
  };

  async *#run(): AsyncGenerator<Result, void, undefined> {
    const { signal, onError } = this.#options;
    signal?.addEventListener('abort', this.#abort);
    try {
      if (signal?.aborted) this.#abort();
      else this.#source = new ItemSource(this.#iterable);
      while (await this.#hasNext()) {
        const value = this.#line.takeValue();
        const entry = value === nothingReady ? this.#line.takeEntry() : undefined;
        this.#handOut(1);
        const outcome = entry?.outcome ?? { value };
        if ('value' in outcome) yield outcome.value as Result;
        else if (outcome.isLast) throw outcome.error;
        else await onError?.(outcome.error as Error, entry?.item as Item, entry?.index as number);
      }
      if (this.#aborted) throw this.#aborted;
    } catch (error) {
      this.#stop();
      // Why it ends is told, and not that the source could not be closed as well.
      await this.#source?.close().catch(() => {});
      throw error;
    } finally {
      this.#stop();
      signal?.removeEventListener('abort', this.#abort);
      await this.#source?.close();
    }
  }

  /** Waits until the next one in line has ended; false when there is none any more. */
  async #hasNext(): Promise<boolean> {
    for (;;) {
      this.#read();
      if (this.#isStopped || (this.#source?.hasEnded && this.#kept === 0)) return false;
      if (this.#line.isReady) return true;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** How many have been read and not handed out. */
  get #kept(): number {
    return this.#started + this.#toStart.length - this.#handed;
  }

  #handOut(count: number): void {
    this.#handed += count;
    if (this.#kept <= this.#readsAt) this.#read();
  }

  readonly #abort = (): void => {
    const reason: unknown = this.#options.signal?.reason;
    const why = reason instanceof Error ? reason.message : textOf(reason);
    this.#aborted = new CancelledError(`The iteration was cancelled: ${why}`, { cause: reason });
    this.#stop();
    // Now: whoever iterates may not come back for a while.
    this.#source?.close().catch(() => {});
  };

  #stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#toStart = [];
    this.#sender.stop('the iteration has ended');
    this.#wake();
  }

  /** Reads as many items as can run. */
  #read(): void {
    this.#readsAt = -1;
    if (!this.#source || this.#source.isBusy || this.#isEnding || this.#isStopped) return;
    const { most, together } = this.#sender.plan(this.#handed);
    const out = this.#sender.out + this.#toStart.length;
    // Those that travel together are read together.
    if (out > 0 && most - out < together) return;
    const limit = most * keptPerConcurrency;
    const roomToKeep = limit - this.#kept;
    const isHeldBack = roomToKeep <= most - out || roomToKeep < together;
    const room = roomToKeep < together && this.#kept > 0 ? 0 : Math.min(most - out, roomToKeep);
    const items = this.#toStart;
    try {
      const step = this.#source.read(items, room, this.#goesOn);
      this.#took();
      step?.then(
        (later) => {
          if (this.#isStopped || this.#isEnding) return;
          if (!later.done) this.#toStart.push(later.item);
          this.#took();
          this.#read();
        },
        (error: unknown) => this.#sourceFailed(error),
      );
    } catch (error) {
      this.#took();
      this.#sourceFailed(error);
    }
    if (isHeldBack) this.#readsAt = limit - together;
  }

  readonly #goesOn = (): boolean => !this.#isEnding && !this.#isStopped;

  /** Items may have been added to those that are to start, or the source has ended. */
  #took(): void {
    if (!this.#goesOn()) return;
    if (this.#source?.hasEnded) this.#wake();
    if (this.#toStart.length === 0 || this.#isStartDue) return;
    this.#isStartDue = true;
    // After this turn's promises: what is read in one turn goes to the workers in one write.
    process.nextTick(() => this.#start());
  }

  #start(): void {
    this.#isStartDue = false;
    const items = this.#toStart;
    if (items.length === 0) return;
    this.#toStart = [];
    this.#started += items.length;
    this.#sender.send(this.#started - items.length, items);
  }

  #sourceFailed(error: unknown): void {
    // It was read while others are on their way into the line, which it comes after.
    if (this.#sender.isSending) {
      process.nextTick(() => this.#sourceFailed(error));
      return;
    }
    // What was read before it stands before it.
    if (this.#isOrdered) this.#start();
    const entry = { index: this.#started++, item: undefined, outcome: { error, isLast: true } };
    if (this.#isOrdered) this.#line.push(entry);
    else this.#line.pushFirst(entry);
    this.#endWith(entry.index);
    this.#wake();
  }

  /** The error of this one is the last that is handed out: in order after what stands before it, else at once. */
  #endWith(index: number): void {
    this.#isEnding = true;
    this.#toStart = [];
    this.#sender.stop('another item failed', this.#isOrdered ? index : 0);
  }
}

/** So many lists are joined at once: they are arguments of one call. */
const atOnce = 1024;

/** All of the lists in one. To push each value onto it would take four times as long. */
function joined(lists: readonly (readonly unknown[])[]): unknown[] {
  let parts = lists;
  while (parts.length > 1) {
    const longer: unknown[][] = [];
    for (let start = 0; start < parts.length; start += atOnce) {
      longer.push(([] as unknown[]).concat(...parts.slice(start, start + atOnce)));
    }
    parts = longer;
  }
  return [...(parts[0] ?? [])];
}

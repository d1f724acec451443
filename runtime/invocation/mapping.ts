import {
  CancelledError,
  FunctionLoadError,
  FunctionNotFoundError,
  RuntimeClosedError,
} from '../errors/pool-errors.ts';
import type { InvokeOptions } from './invocation.ts';
import { ItemSource, type Step } from './item-source.ts';
import type { MapOptions } from './map.ts';
import { textOf } from './text.ts';

/** An invocation, as far as a map has to know it. */
export interface Cancellable extends PromiseLike<unknown> {
  cancel(reason: unknown): void;
}

/** What a map needs of its runtime. */
export interface MapContext {
  invoke(args: unknown, options: InvokeOptions): Cancellable;
  /** The concurrency when the caller names none; it may change on the way. */
  concurrency(): number;
}

/**
 * How many items may have been read and not handed out, for each that may run: one that is slow, or a slow reader,
 * doesn't stop the others at once, and what is kept is bounded.
 */
const keptPerConcurrency = 2;

type Outcome = { readonly value: unknown } | { readonly error: unknown; readonly isLast: boolean };

/** An item on its way. An error of the source stands in its place in line as one that has ended. */
interface Entry<Item> {
  readonly index: number;
  readonly item: Item | undefined;
  invocation?: Cancellable;
  outcome?: Outcome;
}

/** One iteration over the results. Whichever way it ends, nothing of it runs on and its source is closed. */
export class Mapping<Result, Item> implements AsyncGenerator<Result, void, undefined> {
  readonly #iterable: Iterable<Item> | AsyncIterable<Item>;
  readonly #options: MapOptions<Item>;
  readonly #context: MapContext;
  readonly #isOrdered: boolean;
  readonly #results: AsyncGenerator<Result, void, undefined>;
  #source: ItemSource<Item> | undefined;
  #hasSourceEnded = false;
  #count = 0;
  /** What will be handed out, in this order; without `ordered` it comes here when it is ready. */
  readonly #line: Entry<Item>[] = [];
  /** How many have been read and not handed out. */
  #kept = 0;
  #toStart: Entry<Item>[] = [];
  readonly #running = new Set<Entry<Item>>();
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
    this.#context = context;
    this.#isOrdered = options.ordered ?? true;
    this.#results = this.#run();
  }

  next(): Promise<IteratorResult<Result, void>> {
    return this.#results.next();
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

  async *#run(): AsyncGenerator<Result, void, undefined> {
    const { signal, onError } = this.#options;
    signal?.addEventListener('abort', this.#abort);
    try {
      if (signal?.aborted) this.#abort();
      else this.#source = new ItemSource(this.#iterable);
      for (let entry = await this.#nextEnded(); entry; entry = await this.#nextEnded()) {
        const outcome = entry.outcome as Outcome;
        if ('value' in outcome) yield outcome.value as Result;
        else if (outcome.isLast) throw outcome.error;
        else await onError?.(outcome.error as Error, entry.item as Item, entry.index);
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

  /** The next one in line, once it has ended; undefined when there is none any more. */
  async #nextEnded(): Promise<Entry<Item> | undefined> {
    for (;;) {
      this.#read();
      if (this.#isStopped || (this.#hasSourceEnded && this.#kept === 0)) return undefined;
      if (this.#line[0]?.outcome) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#kept--;
    return this.#line.shift();
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
    for (const { invocation } of this.#running) invocation?.cancel('the iteration has ended');
    this.#wake();
  }

  /** Reads as many items as can run. */
  #read(): void {
    const most = this.#options.concurrency ?? this.#context.concurrency();
    while (this.#source && !this.#source.isBusy && !this.#isEnding && !this.#isStopped) {
      const out = this.#running.size + this.#toStart.length;
      if (out >= most || this.#kept >= most * keptPerConcurrency) return;
      try {
        const step = this.#source.read();
        if (step instanceof Promise) {
          step.then(
            (later) => {
              this.#take(later);
              this.#read();
            },
            (error: unknown) => this.#sourceFailed(error),
          );
        } else {
          this.#take(step);
        }
      } catch (error) {
        this.#sourceFailed(error);
      }
    }
  }

  #take(step: Step<Item>): void {
    if (this.#isStopped || this.#isEnding) return;
    if (step.done) {
      this.#hasSourceEnded = true;
      this.#wake();
      return;
    }
    const entry: Entry<Item> = { index: this.#count++, item: step.item };
    this.#kept++;
    if (this.#isOrdered) this.#line.push(entry);
    this.#toStart.push(entry);
    // After this turn's promises: what is read in one turn goes to the workers in one write.
    if (this.#toStart.length === 1) process.nextTick(() => this.#start());
  }

  #start(): void {
    const { timeout, priority, cwd, retry } = this.#options;
    for (const entry of this.#toStart.splice(0)) {
      entry.invocation = this.#context.invoke(entry.item, { timeout, priority, cwd, retry });
      this.#running.add(entry);
      entry.invocation.then(
        (value) => this.#ended(entry, { value }),
        (error: unknown) => this.#ended(entry, { error, isLast: !this.#options.onError || isForAll(error) }),
      );
    }
  }

  #ended(entry: Entry<Item>, outcome: Outcome): void {
    this.#running.delete(entry);
    // Cancelled because of the error that is handed out.
    if (this.#isEnding && !this.#isOrdered) return;
    entry.outcome = outcome;
    if ('error' in outcome && outcome.isLast) this.#endWith(entry);
    else if (!this.#isOrdered) this.#line.push(entry);
    this.#wake();
    this.#read();
  }

  #sourceFailed(error: unknown): void {
    const entry: Entry<Item> = { index: this.#count++, item: undefined, outcome: { error, isLast: true } };
    this.#kept++;
    if (this.#isOrdered) this.#line.push(entry);
    this.#endWith(entry);
    this.#wake();
  }

  /** This error is the last that is handed out: in order after what stands before it, else at once. */
  #endWith(last: Entry<Item>): void {
    this.#isEnding = true;
    const isWanted = ({ index }: Entry<Item>) => this.#isOrdered && index < last.index;
    this.#toStart = this.#toStart.filter(isWanted);
    for (const entry of this.#running) {
      if (!isWanted(entry)) entry.invocation?.cancel('another item failed');
    }
    if (!this.#isOrdered) this.#line.unshift(last);
  }
}

/** Whether it would meet each item alike. */
function isForAll(error: unknown): boolean {
  return [RuntimeClosedError, FunctionNotFoundError, FunctionLoadError].some(
    (errorClass) => error instanceof errorClass,
  );
}

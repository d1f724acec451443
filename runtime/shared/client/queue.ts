/// <reference lib="esnext.disposable" preserve="true" />
import { decodeValue, type EncodedValue } from '../../channel/codec.ts';
import { type Answer, valueIn } from './asks.ts';
import type { Flow } from './flow.ts';
import type { QueueEnd, Written } from './queue-end.ts';
import type { WaitOptions } from './wait.ts';

/** What a queue is. Whoever gives it first decides; the others may leave it out. */
export interface QueueOptions {
  /** How many items it holds before `put` waits. Default: no limit. */
  readonly maxSize?: number | undefined;
}

interface Got {
  readonly had: boolean;
  readonly returns: number;
}

/**
 * Items in line between workers and the program: first in, first out. An item is had by one only.
 *
 * ```ts
 * for await (const photo of ctx.shared.queue<string>('photos')) await develop(photo);
 * ```
 */
export class SharedQueue<Item = unknown> implements AsyncIterable<Item> {
  readonly name: string;
  readonly #flow: Flow;
  readonly #options: QueueOptions;
  #lastEnd: QueueEnd;

  /** Made by `shared.queue(name)`. @internal */
  constructor(flow: Flow, name: string, options: QueueOptions) {
    this.#flow = flow;
    this.name = name;
    this.#options = options;
    this.#lastEnd = flow.sharer.queueEnds.of(name);
  }

  /**
   * Resolves when the item is in the queue; while that is full, it waits. Rejects with `TimeoutError`, `CancelledError`,
   * `QueueClosedError` or `SerializationError`.
   */
  put(item: Item, options?: WaitOptions): Promise<void> {
    let value: EncodedValue;
    try {
      value = this.#flow.encode(item, 'item');
    } catch (error) {
      return Promise.reject(error);
    }
    if (!this.#canSkipMessages(options)) return this.#putSlowly(value, 'no', options);
    if (this.#flow.sharer.putNow(this.name, value)) return nothing;
    const written = this.#end.write(value);
    if (written !== 'put') return this.#putSlowly(value, written, options);
    return this.#flow.sharer.breath.turn ?? nothing;
  }

  /** Puts the item if there is room for it now; resolves with whether there was. */
  async tryPut(item: Item): Promise<boolean> {
    return ((await this.#put(this.#flow.encode(item, 'item'), true)).info as Got).had;
  }

  /**
   * Resolves with the next item, which is the caller's from then on. Rejects with `TimeoutError`, `CancelledError`, or
   * `QueueClosedError` when the queue is closed and empty.
   */
  get(options?: WaitOptions): Promise<Item> {
    if (!this.#canSkipMessages(options)) return this.#getSlowly(options);
    const now = this.#flow.sharer.takeNow(this.name);
    if (now) return decoded<Item>(now.value);
    const value = this.#end.read();
    if (value === undefined) return this.#getSlowly(options);
    const { turn } = this.#flow.sharer.breath;
    return turn ? decodedAfter<Item>(turn, value) : decoded<Item>(value);
  }

  /** The next item in a box if there is one now; else undefined. */
  async tryGet(): Promise<{ readonly value: Item } | undefined> {
    const value = this.#canSkipMessages(undefined) ? this.#end.read() : undefined;
    if (value !== undefined) {
      await this.#flow.sharer.breath.turn;
      return { value: decodeValue(value) as Item };
    }
    const answer = await this.#get('tryGet', true);
    return (answer.info as Got).had ? { value: this.#had(answer) } : undefined;
  }

  /**
   * Resolves with the next item, to be worked on: unless it is `done()` before its invocation ends, or is killed, it goes
   * back to the front of the queue, for somebody else. Rejects as `get` does.
   */
  async take(options?: WaitOptions): Promise<Delivery<Item>> {
    const answer = await this.#get('take', false, options);
    this.#flow.claims.add(answer.id);
    return new Delivery(
      this.#flow,
      this.name,
      answer.id,
      (answer.info as Got).returns,
      valueIn(answer) as Item,
    );
  }

  /** How many items are in line. */
  async size(): Promise<number> {
    return (await this.#look('look')).size;
  }

  /** Resolves when all items that were put have been had, and those that were taken are done. */
  async join(options?: WaitOptions): Promise<void> {
    const wait = this.#flow.waits.open('join', options);
    await this.#flow.ask({ op: 'queue', name: this.name, act: 'join' }, this.#what, {
      wait,
      unless: `${this.#what} was not worked off`,
    });
  }

  /** Nothing more can be put. Who reads has what there is, and then the end. */
  async close(): Promise<void> {
    await this.#look('close');
  }

  /** Throws away what is in line. */
  async clear(): Promise<void> {
    await this.#look('clear');
  }

  /** The items, one after another, until the queue is closed and empty. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for (;;) {
      let item: Item;
      try {
        item = await this.get();
      } catch (error) {
        if ((error as { code?: unknown }).code === 'QUEUE_CLOSED') return;
        throw error;
      }
      yield item;
    }
  }

  get #end(): QueueEnd {
    if (this.#lastEnd.isDropped) this.#lastEnd = this.#flow.sharer.queueEnds.of(this.name);
    return this.#lastEnd;
  }

  get #what(): string {
    return `The queue "${this.name}"`;
  }

  // What has a limit is the arbiter's to tell.
  #canSkipMessages(options: WaitOptions | undefined): boolean {
    return options === undefined && this.#options.maxSize === undefined && !this.#flow.hasEnded;
  }

  async #putSlowly(value: EncodedValue, written: Written, options: WaitOptions | undefined): Promise<void> {
    if (written === 'inDoubt' && (await this.#end.wasTaken())) return;
    const since = performance.now();
    await this.#put(value, false, options);
    if (written === 'no') this.#flow.sharer.mapped.neededMessage(since);
  }

  #put(body: EncodedValue, tries: boolean, options?: WaitOptions): Promise<Answer> {
    const request = { op: 'put', name: this.name, ...this.#options, tries } as const;
    const wait = tries ? undefined : this.#flow.waits.open('put', options);
    return this.#end.during(
      this.#flow.ask(request, this.#what, { body, wait, unless: `${this.#what} had no room` }),
    );
  }

  async #getSlowly(options: WaitOptions | undefined): Promise<Item> {
    const wait = this.#flow.waits.open('get', options);
    const ahead = this.#canSkipMessages(undefined) && !wait.hasEnded ? this.#end.read() : undefined;
    if (ahead !== undefined) return decodeValue(ahead) as Item;
    const many = this.#canSkipMessages(undefined) && this.#end.takesMany;
    const request = { op: 'get', name: this.name, ...this.#options, many } as const;
    const since = performance.now();
    const answer = await this.#flow.have(request, this.#what, { wait, unless: `${this.#what} gave nothing` });
    this.#flow.sharer.mapped.neededMessage(since);
    return this.#had(answer);
  }

  #get(call: string, tries: boolean, options?: WaitOptions): Promise<Answer> {
    const request = { op: 'get', name: this.name, ...this.#options, tries } as const;
    const wait = tries ? undefined : this.#flow.waits.open(call, options);
    return this.#flow.have(request, this.#what, { wait, unless: `${this.#what} gave nothing` });
  }

  // Told before anybody sees the item: who is killed from here on has had it.
  #had(answer: Answer): Item {
    this.#flow.sharer.asks.tell({ op: 'settle', name: this.name, of: answer.id, act: 'done' });
    const value = this.#end.received(answer);
    return (value === undefined ? undefined : decodeValue(value)) as Item;
  }

  async #look(act: 'look' | 'close' | 'clear'): Promise<{ readonly size: number }> {
    const { info } = await this.#flow.ask({ op: 'queue', name: this.name, act }, this.#what);
    return info as { size: number };
  }
}

/** An item that is being worked on. */
export class Delivery<Item = unknown> implements AsyncDisposable {
  readonly value: Item;
  /** How often somebody had it before and was gone before it was done: it may be half done. */
  readonly returns: number;
  readonly #flow: Flow;
  readonly #queue: string;
  readonly #id: number;
  #isSettled = false;

  /** @internal */
  constructor(flow: Flow, queue: string, id: number, returns: number, value: Item) {
    this.#flow = flow;
    this.#queue = queue;
    this.#id = id;
    this.returns = returns;
    this.value = value;
  }

  /** The work is done; it never comes back. */
  done(): Promise<void> {
    return this.#settle('done');
  }

  /** It goes back to the front of the queue, at once. */
  putBack(): Promise<void> {
    return this.#settle('putBack');
  }

  /** Puts it back unless it is done. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.putBack();
  }

  async #settle(act: 'done' | 'putBack'): Promise<void> {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#flow.claims.delete(this.#id);
    const request = { op: 'settle', name: this.#queue, of: this.#id, act } as const;
    await this.#flow.ask(request, `The queue "${this.#queue}"`);
  }
}

const nothing = Promise.resolve();

/** What can't be decoded is not an error before somebody waits for it. */
async function decodedAfter<Item>(turn: Promise<void>, value: EncodedValue): Promise<Item> {
  await turn;
  return decoded(value);
}

function decoded<Item>(value: EncodedValue | undefined): Promise<Item> {
  try {
    return Promise.resolve((value === undefined ? undefined : decodeValue(value)) as Item);
  } catch (error) {
    return Promise.reject(error);
  }
}

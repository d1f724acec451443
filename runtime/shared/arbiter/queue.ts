import type { EncodedBytes, EncodedValue } from '../../channel/codec.ts';
import { fitsBatch, packBatch } from '../batch-format.ts';
import type { QueueRequest, SharedFailure } from '../requests.ts';
import { batchWord } from '../shared-words.ts';
import type { Asker, Claim } from './asker.ts';
import { Batches } from './batches.ts';
import { conflict } from './conflict.ts';
import { ItemLine } from './item-line.ts';
import { Lanes } from './lanes.ts';
import { Line } from './line.ts';
import type { Destination } from './outbox.ts';
import { ownCopy } from './shared-map.ts';
import type { WordStore } from './word-store.ts';

type PutRequest = Extract<QueueRequest, { op: 'put' }>;
type GetRequest = Extract<QueueRequest, { op: 'get' }>;
type QueueAct = Extract<QueueRequest, { op: 'queue' }>['act'];

interface Item {
  readonly value: EncodedValue | undefined;
  /** How often somebody had it and was gone before it was done. */
  readonly returns: number;
}

/**
 * Items in line, those who wait for one, and those who wait for room. Without a `maxSize` items may be on their way here in
 * the outboxes of those who put them, and ahead with those who get them: whoever asks for anything finds all of them.
 */
export class Queue implements Destination {
  readonly name: string;
  readonly #items = new ItemLine<Item>();
  readonly #getters = new Line();
  readonly #putters = new Line();
  readonly #joiners = new Line();
  readonly #lanes: Lanes;
  readonly #batches: Batches<Item>;
  #maxSize: number | undefined;
  /** Deliveries that nobody has said what became of. */
  #open = 0;
  #isClosed = false;

  constructor(name: string, store: WordStore) {
    this.name = name;
    this.#lanes = new Lanes(this, store);
    this.#batches = new Batches(store);
  }

  get isIdle(): boolean {
    return (
      this.#items.length === 0 &&
      this.#open === 0 &&
      !this.#isClosed &&
      !this.#lanes.areOpen &&
      this.#batches.isEmpty &&
      [this.#getters, this.#putters, this.#joiners].every((line) => line.isEmpty)
    );
  }

  put(asker: Asker, id: number, request: PutRequest, value: EncodedValue | undefined): void {
    if (this.#isClosed) {
      asker.failed(id, this.#closedError());
      return;
    }
    if (!this.#agrees(asker, id, request.maxSize)) return;
    const item = { value: value && ownCopy(value), returns: 0 };
    const accept = () => {
      this.#items.push(item);
      asker.succeeded(id, { had: true });
      this.#serveGetters();
    };
    if (this.#hasRoom && this.#putters.isEmpty) accept();
    else if (request.tries) asker.succeeded(id, { had: false });
    else {
      const serve = () => (this.#isClosed ? asker.failed(id, this.#closedError()) : accept());
      this.#putters.add(asker, id, { waitedFor: () => `it holds ${this.#items.length} items`, serve });
    }
  }

  /** An item that was put without a message. */
  receive(value: EncodedBytes): boolean {
    if (this.#isClosed) return false;
    this.#items.push({ value, returns: 0 });
    this.#serveGetters();
    return true;
  }

  get(asker: Asker, id: number, request: GetRequest): void {
    if (!this.#agrees(asker, id, request.maxSize)) return;
    this.#lanes.collect();
    if (!this.#batches.isOut(asker)) {
      // What it has ahead comes first: it looks there, or has it delivered.
      if (request.many) {
        asker.succeeded(id, { had: true, ahead: true });
        return;
      }
      this.#comeBack(this.#batches.takeBack(asker));
    }
    const serve = () => {
      if (request.many && this.#giveBatch(asker, id)) return;
      const item = this.#items.shift();
      if (!item) return asker.failed(id, this.#closedError());
      this.#deliver(asker, id, item);
      this.#admit();
    };
    if (this.#items.length > 0) serve();
    else if (this.#takeBackAll()) serve();
    else if (this.#isClosed) serve();
    else if (request.tries) asker.succeeded(id, { had: false });
    else {
      this.#getters.add(asker, id, { waitedFor: () => 'it is empty', serve });
      this.#lanes.wantBells();
    }
  }

  /** Returns false when that is no open delivery of this asker. */
  settle(asker: Asker, id: number, act: 'done' | 'putBack'): boolean {
    const claim = asker.claim(id);
    if (!(claim instanceof Delivery) || claim.queue !== this) return false;
    asker.drop(id);
    if (act === 'done') this.#settled();
    else this.putBack(claim.item);
    return true;
  }

  act(asker: Asker, id: number, act: QueueAct): void {
    this.#lanes.collect();
    if (act === 'lane') {
      asker.succeeded(id, this.#lanes.of(asker, this.#maxSize === undefined && !this.#isClosed));
      return;
    }
    if (act === 'unbatch') this.#comeBack(this.#batches.takeBack(asker));
    else if (act !== 'look') this.#takeBackAll();
    if (act === 'join' && !this.#isAllDone) {
      const waitedFor = () => `${this.#items.length} items are in it, and ${this.#open} are not done`;
      this.#joiners.add(asker, id, { waitedFor, serve: () => asker.succeeded(id) });
      this.#lanes.wantBells();
      return;
    }
    if (act === 'close') this.#close();
    else if (act === 'clear') {
      this.#items.clear();
      this.#admit();
      this.#serveJoiners();
    }
    const size = this.#items.length + this.#batches.ahead;
    asker.succeeded(id, { size, open: this.#open, isClosed: this.#isClosed });
  }

  /** An item that somebody had comes back, before all others. */
  putBack(item: Item): void {
    this.#open--;
    this.#comeBack([{ ...item, returns: item.returns + 1 }]);
  }

  /** This asker is gone; what it had put was brought here before. */
  leftBy(asker: Asker): void {
    this.#lanes.leftBy(asker);
    this.#comeBack(this.#batches.leftBy(asker));
  }

  #close(): void {
    this.#lanes.close();
    this.#isClosed = true;
    this.#putters.serveAll();
    this.#getters.serveAll();
  }

  #deliver(asker: Asker, id: number, item: Item): void {
    this.#open++;
    asker.keep(id, new Delivery(this, item));
    asker.succeeded(id, { had: true, returns: item.returns }, item.value);
  }

  /** Gives some items at once, to be taken one by one without a message; returns false when that can't be. */
  #giveBatch(asker: Asker, id: number): boolean {
    if (this.#maxSize !== undefined || !this.#joiners.isEmpty || !this.#batches.isOut(asker)) return false;
    // Half of them: others may ask soon.
    const most = Math.min(batchWord.largest, Math.ceil(this.#items.length / 2));
    const items = this.#items.shiftWhile(most, ({ value, returns }) => returns === 0 && fitsBatch(value));
    if (items.length === 0) return false;
    const batch = this.#batches.give(asker, items);
    if (!batch) {
      this.#items.putBack(items);
      return false;
    }
    const { lengths, body } = packBatch(items.map(({ value }) => value as EncodedValue));
    asker.succeeded(id, { had: true, ...batch, lengths }, body);
    return true;
  }

  #settled(): void {
    this.#open--;
    this.#serveJoiners();
  }

  #comeBack(items: readonly Item[]): void {
    this.#items.putBack(items);
    this.#serveGetters();
  }

  #takeBackAll(): boolean {
    this.#comeBack(this.#batches.takeBackAll());
    return this.#items.length > 0;
  }

  #serveGetters(): void {
    while (this.#items.length > 0 && this.#getters.serveNext()) {}
  }

  #serveJoiners(): void {
    if (this.#isAllDone) this.#joiners.serveAll();
  }

  #admit(): void {
    while (this.#hasRoom && this.#putters.serveNext()) {}
  }

  get #isAllDone(): boolean {
    return this.#items.length === 0 && this.#open === 0 && this.#putters.isEmpty;
  }

  get #hasRoom(): boolean {
    return this.#maxSize === undefined || this.#items.length < this.#maxSize;
  }

  // Whoever gives it first decides; nobody has to.
  #agrees(asker: Asker, id: number, maxSize: number | undefined): boolean {
    if (maxSize === undefined || maxSize === this.#maxSize) return true;
    if (this.#maxSize === undefined && !this.#lanes.areOpen && this.#items.length <= maxSize) {
      this.#maxSize = maxSize;
      return true;
    }
    const has = this.#maxSize ?? 'none';
    asker.failed(id, conflict('queue', this.name, 'maxSize', has, maxSize));
    return false;
  }

  #closedError(): SharedFailure {
    return { code: 'QUEUE_CLOSED', message: `The queue "${this.name}" has been closed.` };
  }
}

class Delivery implements Claim {
  readonly queue: Queue;
  readonly item: Item;

  constructor(queue: Queue, item: Item) {
    this.queue = queue;
    this.item = item;
  }

  giveUp(): undefined {
    return undefined; // it was had
  }

  abandon(): void {
    this.queue.putBack(this.item);
  }
}

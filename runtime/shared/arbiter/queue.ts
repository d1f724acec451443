import type { EncodedBytes, EncodedValue } from '../../channel/codec.ts';
import type { QueueRequest, SharedFailure } from '../requests.ts';
import type { Asker, Claim } from './asker.ts';
import { conflict } from './conflict.ts';
import { Lanes } from './lanes.ts';
import { Line } from './line.ts';
import type { Destination } from './outbox.ts';
import { ownCopy } from './shared-map.ts';
import { type Given, type Item, Stock } from './stock.ts';
import type { WordStore } from './word-store.ts';

type PutRequest = Extract<QueueRequest, { op: 'put' }>;
type GetRequest = Extract<QueueRequest, { op: 'get' }>;
type QueueAct = Extract<QueueRequest, { op: 'queue' }>['act'];

/** What was decided of a queue. */
export interface QueueTerms {
  readonly maxSize: number | undefined;
  readonly isClosed: boolean;
}

/**
 * Items in line, those who wait for one, and those who wait for room. Without a `maxSize` items may be on their way here in
 * the outboxes of those who put them, and ahead with those who get them. While somebody waits for one there is none.
 */
export class Queue implements Destination {
  readonly name: string;
  readonly #items: Stock;
  readonly #getters = new Line();
  readonly #putters = new Line();
  readonly #joiners = new Line();
  readonly #lanes: Lanes;
  #maxSize: number | undefined;
  /** Deliveries that nobody has said what became of. */
  #open = 0;
  #isClosed: boolean;

  constructor(name: string, store: WordStore, { maxSize, isClosed }: QueueTerms) {
    this.name = name;
    this.#maxSize = maxSize;
    this.#isClosed = isClosed;
    this.#lanes = new Lanes(this, store);
    this.#items = new Stock(store);
  }

  /** Whether there is nothing to know of it but its terms. */
  get isIdle(): boolean {
    return (
      this.#items.size === 0 &&
      this.#open === 0 &&
      !this.#lanes.areOpen &&
      [this.#getters, this.#putters, this.#joiners].every((line) => line.isEmpty)
    );
  }

  get terms(): QueueTerms {
    return { maxSize: this.#maxSize, isClosed: this.#isClosed };
  }

  get isAwaited(): boolean {
    return !this.#getters.isEmpty;
  }

  put(asker: Asker, id: number, request: PutRequest, value: EncodedValue | undefined): void {
    if (this.#isClosed) {
      asker.failed(id, this.#closedError());
      return;
    }
    if (!this.#agrees(asker, id, request.maxSize)) return;
    const own = value && ownCopy(value);
    const accept = () => {
      this.#items.push(own);
      asker.succeeded(id, { had: true });
      this.#serveGetters();
    };
    if (this.#hasRoomNow) accept();
    else if (request.tries) asker.succeeded(id, { had: false });
    else {
      const serve = () => (this.#isClosed ? asker.failed(id, this.#closedError()) : accept());
      this.#putters.add(asker, id, { waitedFor: () => `it holds ${this.#items.size} items`, serve });
    }
  }

  receive(value: EncodedBytes): boolean {
    if (this.#isClosed) return false;
    this.#items.push(value);
    return true;
  }

  arrived(): void {
    this.#serveGetters();
  }

  get(asker: Asker, id: number, { maxSize, many = false, tries }: GetRequest): void {
    if (!this.#agrees(asker, id, maxSize)) return;
    this.#lanes.collect();
    const given = this.#next(many);
    if (given) this.#give(asker, id, given);
    else if (this.#isClosed) asker.failed(id, this.#closedError());
    else if (tries) asker.succeeded(id, { had: false });
    else {
      const serve = () => {
        const given = this.#next(many);
        if (given) this.#give(asker, id, given);
        else asker.failed(id, this.#closedError());
      };
      this.#getters.add(asker, id, { waitedFor: () => 'it is empty', serve });
      this.#lanes.wantBells();
    }
  }

  /** Puts an item if there is room now; returns whether there was. */
  putNow(value: EncodedValue): boolean {
    if (this.#isClosed || !this.#hasRoomNow) return false;
    this.#items.push(ownCopy(value));
    this.#serveGetters();
    return true;
  }

  /** The next item, if there is one; it is done. */
  takeNow(): Item | undefined {
    this.#lanes.collect();
    const given = this.#items.next(false);
    if (!given) return undefined;
    this.#admit();
    this.#serveJoiners();
    return given.item;
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
    if (act === 'closeLane') {
      this.#lanes.leftBy(asker);
      return;
    }
    if (act !== 'look') this.#items.takeBack();
    if (act === 'join' && !this.#isAllDone) {
      const waitedFor = () => `${this.#items.size} items are in it, and ${this.#open} are not done`;
      this.#joiners.add(asker, id, { waitedFor, serve: () => asker.succeeded(id) });
      return;
    }
    if (act === 'close') this.#close();
    else if (act === 'clear') {
      this.#items.clear();
      this.#admit();
      this.#serveJoiners();
    }
    asker.succeeded(id, { size: this.#items.size, open: this.#open, isClosed: this.#isClosed });
  }

  /** An item that somebody had comes back, before all that came after it. */
  putBack(item: Item): void {
    this.#open--;
    this.#items.putBack(item);
    this.#serveGetters();
  }

  /** This asker is gone; what it had put was brought here before. */
  leftBy(asker: Asker): void {
    this.#lanes.leftBy(asker);
  }

  /** It is not used any more. */
  forget(): void {
    this.#items.release();
  }

  #close(): void {
    this.#lanes.close('closed');
    this.#isClosed = true;
    this.#putters.serveAll();
    this.#getters.serveAll();
  }

  #next(many: boolean): Given | undefined {
    // Who joins, or waits in line, has to be told of each that is had.
    const mayBeMany = this.#maxSize === undefined && this.#joiners.isEmpty && this.#getters.isEmpty;
    return this.#items.next(many && mayBeMany);
  }

  #give(asker: Asker, id: number, { item, along }: Given): void {
    this.#open++;
    asker.keep(id, new Delivery(this, item));
    const { returns } = item;
    if (along) asker.succeeded(id, { had: true, returns, sent: along.sent }, along.body);
    else asker.succeeded(id, { had: true, returns }, item.value);
    this.#admit();
  }

  #settled(): void {
    this.#open--;
    this.#serveJoiners();
  }

  #serveGetters(): void {
    while (this.#items.size > 0 && this.#getters.serveNext()) {}
  }

  #serveJoiners(): void {
    if (this.#joiners.isEmpty) return;
    this.#lanes.collect();
    if (this.#isAllDone) this.#joiners.serveAll();
  }

  #admit(): void {
    while (this.#hasRoom && this.#putters.serveNext()) {}
  }

  get #isAllDone(): boolean {
    return this.#items.size === 0 && this.#open === 0 && this.#putters.isEmpty;
  }

  /** Whether there is room that nobody waits for. */
  get #hasRoomNow(): boolean {
    return this.#hasRoom && this.#putters.isEmpty;
  }

  get #hasRoom(): boolean {
    return this.#maxSize === undefined || this.#items.size < this.#maxSize;
  }

  // Whoever gives it first decides; nobody has to.
  #agrees(asker: Asker, id: number, maxSize: number | undefined): boolean {
    if (maxSize === undefined || maxSize === this.#maxSize) return true;
    if (this.#maxSize === undefined) {
      this.#maxSize = maxSize;
      // From now on who puts has to ask for room.
      this.#lanes.close('limited');
      this.#items.takeBack();
      return true;
    }
    asker.failed(id, conflict('queue', this.name, 'maxSize', this.#maxSize, maxSize));
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

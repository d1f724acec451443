import type { EncodedValue } from '../../channel/codec.ts';
import { BatchReader } from '../batch-format.ts';
import { RingWriter } from '../ring.ts';
import { laneWord } from '../shared-words.ts';
import type { Answer, Asks } from './asks.ts';
import type { Mapped } from './mapped.ts';

interface Lane {
  readonly number: number;
  readonly wordPlace: number;
}

interface LaneInfo {
  readonly lane?: number;
  readonly wordPlace?: number;
  readonly refused: number;
}

/** Items that were sent ahead, to other readers as well. */
interface Ahead {
  readonly items: BatchReader;
  readonly place: number;
  /** The number of the next one in `items`, and the one behind the last. */
  next: number;
  readonly end: number;
}

interface GotInfo {
  readonly sent?: { readonly place: number; readonly from: number; readonly count: number };
}

/** What became of an item that was put without a message. */
export type Written = 'put' | 'full' | 'inDoubt' | 'no';

/** Whoever puts no more items than that needs no lane. */
const fewItems = 4;

/** One asker's side of a queue: what it puts and gets without a message. */
export class QueueEnd {
  readonly #name: string;
  readonly #asks: Asks;
  readonly #mapped: Mapped;
  #lane: Lane | undefined;
  #wantedLane = 0;
  #ahead: Ahead | undefined;
  /** Requests that are not answered yet. What is put after an item that travels as a message has to come after it. */
  #messages = 0;
  #refused = 0;
  #isDropped = false;

  constructor(name: string, asks: Asks, mapped: Mapped) {
    this.#name = name;
    this.#asks = asks;
    this.#mapped = mapped;
  }

  /** Whether another one is to be used in its place. */
  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** Nothing of it is kept, here or by the arbiter. Returns false while something is on its way. */
  drop(): boolean {
    if (this.#messages > 0) return false;
    if (this.#lane) this.#asks.tell({ op: 'queue', name: this.#name, act: 'closeLane' });
    this.#isDropped = true;
    return true;
  }

  /** Puts an item without a message, if that can be. */
  write(value: EncodedValue): Written {
    const { ring, words } = this.#mapped;
    const lane = this.#lane;
    if (!ring || !words || !lane) {
      this.#wantLane();
      return 'no';
    }
    const isOpen = () => Atomics.load(words.array, lane.wordPlace) === laneWord.open;
    if (this.#messages > 0 || !RingWriter.takes(value) || !isOpen()) return 'no';
    if (!ring.write(lane.number, value)) return 'full';
    if (ring.takeBell()) this.#asks.tell({ op: 'bell' });
    return isOpen() ? 'put' : 'inDoubt';
  }

  /** While this runs, items are put by messages. */
  async during<Result>(message: Promise<Result>): Promise<Result> {
    this.#messages++;
    try {
      return await message;
    } finally {
      this.#messages--;
    }
  }

  /** Whether an item that was written while the queue was closed is in it. */
  async wasTaken(): Promise<boolean> {
    const { refused } = await this.#askLane();
    const isTaken = refused === this.#refused;
    this.#refused = refused;
    return isTaken;
  }

  /** The next item, if it was sent ahead. */
  read(): EncodedValue | undefined {
    const ahead = this.#ahead;
    const { words } = this.#mapped;
    if (!ahead || !words) return undefined;
    for (;;) {
      const head = Atomics.load(words.array, ahead.place);
      // Others have had the rest of them, or they were taken back.
      if (head < ahead.next || head >= ahead.end) break;
      if (Atomics.compareExchange(words.array, ahead.place, head, head + 1) !== head) continue;
      for (; ahead.next < head; ahead.next++) ahead.items.skip();
      ahead.next++;
      const value = ahead.items.next();
      if (ahead.next === ahead.end) this.#ahead = undefined;
      return value;
    }
    this.#ahead = undefined;
    return undefined;
  }

  /** Whether items can be sent ahead. */
  get takesMany(): boolean {
    return this.#mapped.words !== undefined;
  }

  /** The item of an answer. Those that came along are kept. */
  received({ info, body }: Answer): EncodedValue | undefined {
    const { sent } = info as GotInfo;
    if (!sent || typeof body !== 'object') return body;
    const items = new BatchReader(body.bytes);
    const own = items.next();
    const { place, from, count } = sent;
    if (count > 1) this.#ahead = { items, place, next: from + 1, end: from + count };
    return own;
  }

  #wantLane(): void {
    if (!this.#mapped.ring || ++this.#wantedLane !== fewItems) return;
    void this.#askLane();
  }

  async #askLane(): Promise<LaneInfo> {
    const { info } = await this.during(this.#asks.ask({ op: 'queue', name: this.#name, act: 'lane' }));
    const found = info as LaneInfo;
    const { lane, wordPlace } = found;
    if (lane !== undefined && wordPlace !== undefined) this.#lane = { number: lane, wordPlace };
    return found;
  }
}

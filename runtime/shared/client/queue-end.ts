import type { EncodedValue } from '../../channel/codec.ts';
import { unpackItem } from '../batch-format.ts';
import { RingWriter } from '../ring.ts';
import { batchWord, closedWord } from '../shared-words.ts';
import type { Answer, Asks } from './asks.ts';
import type { Mapped } from './mapped.ts';

interface Lane {
  readonly number: number;
  readonly closedPlace: number;
}

interface Batch {
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
  readonly place: number;
  readonly number: number;
  next: number;
  at: number;
}

interface BatchInfo {
  readonly ahead?: boolean;
  readonly place?: number;
  readonly number?: number;
  readonly lengths?: number[];
}

interface LaneInfo {
  readonly lane?: number;
  readonly closedPlace?: number;
  readonly refused: number;
}

/** What became of an item that was put without a message. */
export type Written = 'put' | 'full' | 'inDoubt' | 'no';

/** One asker's side of a queue: what it puts and gets without a message. */
export class QueueEnd {
  readonly #name: string;
  readonly #asks: Asks;
  readonly #mapped: Mapped;
  #lane: Lane | undefined;
  #isLaneAsked = false;
  #batch: Batch | undefined;
  /** Items on their way as messages: what is put after them has to come after them. */
  #messages = 0;
  #refused = 0;

  constructor(name: string, asks: Asks, mapped: Mapped) {
    this.#name = name;
    this.#asks = asks;
    this.#mapped = mapped;
  }

  /** Puts an item without a message, if that can be. */
  write(value: EncodedValue): Written {
    const { ring, words } = this.#mapped;
    const lane = this.#lane;
    if (!ring || !words || !lane) {
      this.#askLane();
      return 'no';
    }
    const isClosed = () => Atomics.load(words.array, lane.closedPlace) === closedWord.closed;
    if (this.#messages > 0 || !RingWriter.takes(value) || isClosed()) return 'no';
    if (!ring.write(lane.number, value)) return 'full';
    if (ring.takeBell()) this.#asks.tell({ op: 'bell' });
    return isClosed() ? 'inDoubt' : 'put';
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
    const { refused } = await this.#look();
    const isTaken = refused === this.#refused;
    this.#refused = refused;
    return isTaken;
  }

  /** The next item of those that were sent ahead. */
  read(): EncodedValue | undefined {
    const batch = this.#batch;
    const { words } = this.#mapped;
    if (!batch || !words) return undefined;
    const length = batch.lengths[batch.next];
    if (length !== undefined && takeNext(words.array, batch)) {
      const { value, next } = unpackItem(batch.bytes, batch.at, length);
      batch.next++;
      batch.at = next;
      return value;
    }
    this.#batch = undefined;
    return undefined;
  }

  /** Whether several items can be sent at once. */
  get takesMany(): boolean {
    return this.#mapped.words !== undefined;
  }

  /** Keeps the items of an answer, if there are several; returns whether `read` is to be tried. */
  keepBatch({ info, body }: Answer): boolean {
    const { ahead, place, number, lengths } = info as BatchInfo;
    if (ahead) {
      // The answer with them came when nobody waited for it any more.
      if (!this.#batch) this.#giveBack();
      return true;
    }
    if (place === undefined || number === undefined || lengths === undefined || typeof body !== 'object')
      return false;
    this.#batch = { bytes: body.bytes, lengths, place, number, next: 0, at: 0 };
    return true;
  }

  returnItems(): void {
    if (!this.#batch) return;
    this.#batch = undefined;
    this.#giveBack();
  }

  #giveBack(): void {
    this.#asks.tell({ op: 'queue', name: this.#name, act: 'unbatch' });
  }

  #askLane(): void {
    if (this.#isLaneAsked || !this.#mapped.ring) return;
    this.#isLaneAsked = true;
    void this.#look();
  }

  async #look(): Promise<LaneInfo> {
    const { info } = await this.#asks.ask({ op: 'queue', name: this.#name, act: 'lane' });
    const found = info as LaneInfo;
    const { lane, closedPlace } = found;
    this.#lane = lane === undefined || closedPlace === undefined ? undefined : { number: lane, closedPlace };
    return found;
  }
}

/** Whether the next item of a batch is still one's own. */
function takeNext(array: Int32Array, { place, number }: Batch): boolean {
  const word = Atomics.load(array, place);
  if (batchWord.batch(word) !== number || batchWord.taken(word) >= batchWord.size(word)) return false;
  return Atomics.compareExchange(array, place, word, word + 1) === word;
}

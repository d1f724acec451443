import type { EncodedBytes } from '../../channel/codec.ts';
import { RingReader, ringBytes } from '../ring.ts';
import { SharedFile, type SharedPlace } from './shared-file.ts';

/** A queue that items are put into without a message. */
export interface Destination {
  /** Takes an item; returns false when it is closed. */
  receive(value: EncodedBytes): boolean;
}

interface Lane {
  readonly queue: Destination;
  /** How many items came after the queue was closed. */
  refused: number;
}

/** More queues than a worker puts into. */
const mostLanes = 64;

/** The items that one asker has put without a message, until somebody looks. */
export class Outbox {
  readonly place: SharedPlace;
  readonly #file: SharedFile;
  readonly #ring: RingReader;
  readonly #lanes: Lane[] = [];
  #isClosed = false;

  private constructor(file: SharedFile) {
    this.#file = file;
    this.place = file.place;
    this.#ring = new RingReader(file.bytes);
  }

  static create(): Outbox | undefined {
    const file = SharedFile.create(Buffer.alloc(ringBytes));
    return file && new Outbox(file);
  }

  /** The number of a lane to this queue; undefined when it has too many. */
  laneTo(queue: Destination): number | undefined {
    const known = this.#lanes.findIndex((lane) => lane.queue === queue);
    if (known !== -1) return known;
    if (this.#lanes.length >= mostLanes) return undefined;
    return this.#lanes.push({ queue, refused: 0 }) - 1;
  }

  /** How many items came to this queue after it was closed. */
  refusedBy(queue: Destination): number {
    return this.#lanes.find((lane) => lane.queue === queue)?.refused ?? 0;
  }

  get hasMore(): boolean {
    return !this.#isClosed && this.#ring.hasMore;
  }

  /** Brings all items that were put by now to their queues. */
  drain(): void {
    if (!this.hasMore) return;
    try {
      this.#ring.drain((number, value) => {
        const lane = this.#lanes[number];
        if (lane && !lane.queue.receive(value)) lane.refused++;
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // A function has written to memory that is not its own: nothing in it can be trusted any more.
      this.#isClosed = true;
    }
  }

  /** The next item is to be told. Returns false when there is one already. */
  wantsBell(): boolean {
    if (this.#isClosed) return true;
    this.#ring.setBell();
    return !this.#ring.hasMore;
  }

  close(): void {
    if (this.#isClosed) return;
    this.drain();
    this.#isClosed = true;
    this.#file.close();
  }
}

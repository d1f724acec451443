import type { EncodedBytes } from '../../channel/codec.ts';
import { RingReader, ringBytes } from '../ring.ts';
import { SharedFile, type SharedPlace } from './shared-file.ts';

/** A queue that items are put into without a message. */
export interface Destination {
  /** Takes an item; returns false when it is closed. */
  receive(value: EncodedBytes): boolean;
  /** It has received all that there was. */
  arrived(): void;
  /** Whether the next item is to be told. */
  readonly isAwaited: boolean;
}

interface Lane {
  readonly queue: Destination;
  /** How many items came after the queue was closed. */
  refused: number;
}

/** More than a worker keeps: see client/queue-ends.ts. */
const mostLanes = 1024;

/** The items that one asker has put without a message, until somebody looks. */
export class Outbox {
  readonly place: SharedPlace;
  readonly #file: SharedFile;
  readonly #ring: RingReader;
  /** By their numbers; those that were closed have none. */
  readonly #lanes: (Lane | undefined)[] = [];
  /** Of those there was one that was awaited. */
  readonly #awaited = new Set<Destination>();
  #isBroken = false;
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
    const known = this.#numberOf(queue);
    if (known !== -1) return known;
    const free = this.#lanes.indexOf(undefined);
    const number = free === -1 ? this.#lanes.length : free;
    if (number >= mostLanes) return undefined;
    this.#lanes[number] = { queue, refused: 0 };
    return number;
  }

  /** What comes by it from now on is nobody's. */
  closeLane(queue: Destination): void {
    const number = this.#numberOf(queue);
    if (number !== -1) this.#lanes[number] = undefined;
    this.#awaited.delete(queue);
  }

  /** How many items came to this queue after it was closed. */
  refusedBy(queue: Destination): number {
    return this.#lanes[this.#numberOf(queue)]?.refused ?? 0;
  }

  get hasMore(): boolean {
    return !this.#isClosed && !this.#isBroken && this.#ring.hasMore;
  }

  /** Brings all items that were put by now to their queues. */
  drain(): void {
    if (!this.hasMore) return;
    this.#bring();
    for (const queue of this.#awaited) if (!queue.isAwaited) this.#awaited.delete(queue);
    // It rang for one item, and others are awaited still.
    if (this.#awaited.size > 0) this.#listen();
  }

  /** This queue, to which there is a lane, is awaited: the next item is to be told. */
  listenFor(queue: Destination): void {
    if (this.#isClosed || this.#isBroken) return;
    this.#awaited.add(queue);
    this.#listen();
  }

  close(): void {
    if (this.#isClosed) return;
    this.drain();
    this.#isClosed = true;
    this.#file.close();
  }

  // What is written from here on rings, and what was before is there now.
  #listen(): void {
    this.#ring.setBell();
    if (this.#ring.hasMore) this.#bring();
  }

  #bring(): void {
    const reached = new Set<Destination>();
    try {
      this.#ring.drain((number, value) => {
        const lane = this.#lanes[number];
        if (lane?.queue.receive(value)) reached.add(lane.queue);
        else if (lane) lane.refused++;
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // A function has written to memory that is not its own: nothing in it can be trusted any more.
      this.#isBroken = true;
    }
    for (const queue of reached) queue.arrived();
  }

  #numberOf(queue: Destination): number {
    return this.#lanes.findIndex((lane) => lane?.queue === queue);
  }
}

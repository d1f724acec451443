import type { SharedFailure } from '../requests.ts';
import { Asks, type Link } from './asks.ts';
import { LockPlace } from './lock-place.ts';
import { Mapped } from './mapped.ts';
import { QueueEnd } from './queue-end.ts';

/** One asker as it sees itself: a worker, or a part of the program. */
export class Sharer {
  readonly asks: Asks;
  readonly mapped: Mapped;
  readonly #link: Link;
  /** By the names of locks; undefined for those whose place is being asked for, or that have none. */
  readonly #places = new Map<string, LockPlace | undefined>();
  readonly #queues = new Map<string, QueueEnd>();

  constructor(link: Link) {
    this.#link = link;
    this.asks = new Asks(link);
    this.mapped = new Mapped(this.asks, link.memory);
  }

  error(failure: SharedFailure, cause?: unknown): Error {
    return this.#link.error(failure, cause);
  }

  /** Where the word of a lock lies that can be had without a message. */
  lockPlace(name: string): LockPlace | undefined {
    const place = this.#places.get(name);
    if (place || !this.mapped.words || this.#places.has(name)) return place;
    this.#places.set(name, undefined);
    void this.#askPlace(name);
    return undefined;
  }

  /** This side of a queue. */
  queueEnd(name: string): QueueEnd {
    let end = this.#queues.get(name);
    if (!end) {
      end = new QueueEnd(name, this.asks, this.mapped);
      // Without memory in common there is nothing to remember of it.
      if (this.#link.memory !== 'none') this.#queues.set(name, end);
    }
    return end;
  }

  /** Gives back the items that were sent ahead: nobody is there for them. */
  returnItems(): void {
    for (const end of this.#queues.values()) end.returnItems();
  }

  async #askPlace(name: string): Promise<void> {
    const { info } = await this.asks.ask({ op: 'slot', name });
    const { place, token } = info as { place?: number; token: number };
    const { words } = this.mapped;
    if (place === undefined || !words) return;
    this.#places.set(name, new LockPlace({ words, index: place, token, name, asks: this.asks }));
  }
}

import type { EncodedValue } from '../../channel/codec.ts';
import type { SharedFailure } from '../requests.ts';
import { Asks, type Link } from './asks.ts';
import { Breath } from './breath.ts';
import { LockPlace } from './lock-place.ts';
import { Mapped } from './mapped.ts';
import { QueueEnds } from './queue-ends.ts';

/** One asker as it sees itself: a worker, or a part of the program. */
export class Sharer {
  readonly asks: Asks;
  readonly mapped: Mapped;
  readonly queueEnds: QueueEnds;
  /** Of what needs no message. */
  readonly breath = new Breath();
  readonly #link: Link;
  /** By the names of locks; undefined for those whose place is being asked for, or that have none. */
  readonly #places = new Map<string, LockPlace | undefined>();

  constructor(link: Link) {
    this.#link = link;
    this.asks = new Asks(link);
    this.mapped = new Mapped(this.asks, link.memory);
    this.queueEnds = new QueueEnds(this.asks, this.mapped, link.memory);
  }

  error(failure: SharedFailure, cause?: unknown): Error {
    return this.#link.error(failure, cause);
  }

  /** See Link. */
  putNow(queue: string, value: EncodedValue): boolean {
    return this.#link.putNow?.(queue, value) === true;
  }

  /** See Link. */
  takeNow(queue: string): ReturnType<NonNullable<Link['takeNow']>> {
    return this.#link.takeNow?.(queue);
  }

  /** Where the word of a lock lies that can be had without a message. */
  lockPlace(name: string): LockPlace | undefined {
    const place = this.#places.get(name);
    if (place || !this.mapped.words || this.#places.has(name)) return place;
    this.#places.set(name, undefined);
    void this.#askPlace(name);
    return undefined;
  }

  async #askPlace(name: string): Promise<void> {
    const { info } = await this.asks.ask({ op: 'slot', name });
    const { place, token } = info as { place?: number; token: number };
    const { words } = this.mapped;
    if (place === undefined || !words) return;
    this.#places.set(name, new LockPlace({ words, index: place, token, name, asks: this.asks }));
  }
}

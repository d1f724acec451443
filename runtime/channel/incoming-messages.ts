import type { EncodedValue } from './codec.ts';
import { Fifo } from './fifo.ts';
import { readBody } from './from-worker.ts';
import { sizeOf, toldAtOnce, toldAtOnceBytes } from './message-window.ts';

type Result = IteratorResult<unknown, undefined>;

interface Reader {
  readonly owner: AsyncIterator<unknown>;
  readonly resolve: (result: Result) => void;
}

/**
 * The messages of a spawned function to its program, or the other way, on the receiving side. Each goes to one reader;
 * one that stops leaves the rest to the next.
 */
export class IncomingMessages implements AsyncIterable<unknown> {
  readonly #tellRead: (count: number) => void;
  readonly #unread = new Fifo<{ readonly value: unknown; readonly size: number }>();
  #readers: Reader[] = [];
  #hasEnded = false;
  /** What has been read and not told. */
  #count = 0;
  #size = 0;

  /** `tellRead` tells the other side that so many more have been read. */
  constructor(tellRead: (count: number) => void) {
    this.#tellRead = tellRead;
  }

  /** @throws FrameError */
  receive(body: EncodedValue | undefined): void {
    const value = readBody(body);
    if (this.#hasEnded || body === undefined) return;
    const size = sizeOf(body);
    const reader = this.#readers.shift();
    if (!reader) {
      this.#unread.push({ value, size });
      return;
    }
    this.#hasRead(size);
    reader.resolve({ done: false, value });
  }

  /** No more will come; those that have are still read. */
  end(): void {
    this.#hasEnded = true;
    for (const { resolve } of this.#readers.splice(0)) resolve(done);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<unknown> {
    let hasReturned = false;
    const iterator: AsyncIterableIterator<unknown> = {
      next: () => (hasReturned ? Promise.resolve(done) : this.#next(iterator)),
      return: () => {
        hasReturned = true;
        const own = this.#readers.filter(({ owner }) => owner === iterator);
        this.#readers = this.#readers.filter(({ owner }) => owner !== iterator);
        for (const { resolve } of own) resolve(done);
        return Promise.resolve(done);
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #next(owner: AsyncIterator<unknown>): Promise<Result> {
    const unread = this.#unread.shift();
    if (unread) {
      this.#hasRead(unread.size);
      return Promise.resolve({ done: false, value: unread.value });
    }
    if (this.#hasEnded) return Promise.resolve(done);
    return new Promise((resolve) => this.#readers.push({ owner, resolve }));
  }

  #hasRead(size: number): void {
    this.#count++;
    this.#size += size;
    if (this.#hasEnded || (this.#count < toldAtOnce && this.#size < toldAtOnceBytes)) return;
    this.#tellRead(this.#count);
    this.#count = 0;
    this.#size = 0;
  }
}

const done: Result = { done: true, value: undefined };

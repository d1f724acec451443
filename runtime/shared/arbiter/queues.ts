import type { EncodedValue } from '../../channel/codec.ts';
import type { QueueRequest } from '../requests.ts';
import type { Asker } from './asker.ts';
import { Queue, type QueueTerms } from './queue.ts';
import type { Item } from './stock.ts';
import type { WordStore } from './word-store.ts';

/** Of so many queues that are idle the terms are known still; some 10 MB. */
const mostTerms = 100_000;

const noTerms: QueueTerms = { maxSize: undefined, isClosed: false };

/** All queues, by their names. Of those that are idle nothing is kept but what was decided of them. */
export class Queues {
  readonly #store: WordStore;
  readonly #queues = new Map<string, Queue>();
  /** Of idle ones; those that were used last are the last. */
  readonly #terms = new Map<string, QueueTerms>();

  constructor(store: WordStore) {
    this.#store = store;
  }

  receive(asker: Asker, id: number, request: QueueRequest, body: EncodedValue | undefined): void {
    const queue = this.#of(request.name);
    switch (request.op) {
      case 'put':
        queue.put(asker, id, request, body);
        break;
      case 'get':
        queue.get(asker, id, request);
        break;
      case 'settle':
        asker.succeeded(id, queue.settle(asker, request.of, request.act));
        break;
      case 'queue':
        queue.act(asker, id, request.act);
    }
    this.#forgetIfIdle(request.name, queue);
  }

  putNow(name: string, value: EncodedValue): boolean {
    const queue = this.#of(name);
    const isPut = queue.putNow(value);
    this.#forgetIfIdle(name, queue);
    return isPut;
  }

  takeNow(name: string): Item | undefined {
    const queue = this.#queues.get(name);
    const item = queue?.takeNow();
    if (queue && item) this.#forgetIfIdle(name, queue);
    return item;
  }

  leftBy(asker: Asker): void {
    for (const [name, queue] of this.#queues) {
      queue.leftBy(asker);
      this.#forgetIfIdle(name, queue);
    }
  }

  #of(name: string): Queue {
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = new Queue(name, this.#store, this.#terms.get(name) ?? noTerms);
      this.#terms.delete(name);
      this.#sweep();
      this.#queues.set(name, queue);
    }
    return queue;
  }

  #forgetIfIdle(name: string, queue: Queue): void {
    if (!queue.isIdle) return;
    queue.forget();
    this.#queues.delete(name);
    const { terms } = queue;
    if (terms.maxSize === undefined && !terms.isClosed) return;
    this.#terms.set(name, terms);
    if (this.#terms.size <= mostTerms) return;
    const [oldest] = this.#terms.keys();
    if (oldest !== undefined) this.#terms.delete(oldest);
  }

  // Of those whose last one gave up, or is gone, nobody hears any more. Looked for whenever they have doubled.
  #sweep(): void {
    const { size } = this.#queues;
    if (size < 1024 || (size & (size - 1)) !== 0) return;
    for (const [name, queue] of this.#queues) this.#forgetIfIdle(name, queue);
  }
}

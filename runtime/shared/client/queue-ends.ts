import type { Asks, SharedMemoryKind } from './asks.ts';
import type { Mapped } from './mapped.ts';
import { QueueEnd } from './queue-end.ts';

/** Of so many queues a worker keeps its side, and the arbiter the queue; more than are used at a time. */
const mostEnds = 256;

/** One asker's sides of the queues that it has used lately. */
export class QueueEnds {
  readonly #asks: Asks;
  readonly #mapped: Mapped;
  readonly #memory: SharedMemoryKind;
  /** By their names; those that were looked for last are the last. */
  readonly #ends = new Map<string, QueueEnd>();

  constructor(asks: Asks, mapped: Mapped, memory: SharedMemoryKind) {
    this.#asks = asks;
    this.#mapped = mapped;
    this.#memory = memory;
  }

  of(name: string): QueueEnd {
    const known = this.#ends.get(name);
    const end = known ?? new QueueEnd(name, this.#asks, this.#mapped);
    // Without memory in common there is nothing to remember of it.
    if (this.#memory === 'none') return end;
    if (known) this.#ends.delete(name);
    else this.#makeRoom();
    this.#ends.set(name, end);
    return end;
  }

  #makeRoom(): void {
    for (const [name, end] of this.#ends) {
      if (this.#ends.size < mostEnds) return;
      if (end.drop()) this.#ends.delete(name);
    }
  }
}

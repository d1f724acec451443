import { type Priority, priorities } from '../invocation/invocation.ts';
import type { InvocationRecord } from '../invocation/record.ts';

/**
 * What waits for a worker: first in, first out within a priority. A cancelled entry stays as a hole until its turn,
 * so that every operation is O(1).
 */
export class InvocationQueue {
  readonly #lanes = new Map<Priority, Lane>(priorities.map((priority) => [priority, new Lane()]));
  #size = 0;

  /** How many wait; holes don't count. */
  get size(): number {
    return this.#size;
  }

  push(record: InvocationRecord): void {
    this.#lanes.get(record.request?.priority ?? 'normal')?.push(record);
    this.#size++;
  }

  /** Puts one back that had been taken: it is the next of its priority. */
  unshift(record: InvocationRecord): void {
    this.#lanes.get(record.request?.priority ?? 'normal')?.unshift(record);
    this.#size++;
  }

  /** The next one, or undefined when none waits. */
  shift(): InvocationRecord | undefined {
    for (const lane of this.#lanes.values()) {
      for (let record = lane.shift(); record !== undefined; record = lane.shift()) {
        if (record.hasEnded) continue;
        this.#size--;
        return record;
      }
    }
    return undefined;
  }

  /** To be called when an entry has ended while it waited. */
  forget(): void {
    this.#size--;
  }
}

// Entries are taken from the front by moving an index; the taken part is dropped when it is half of a large array.
const worthDropping = 1024;

class Lane {
  #entries: (InvocationRecord | undefined)[] = [];
  #front = 0;

  push(record: InvocationRecord): void {
    this.#entries.push(record);
  }

  unshift(record: InvocationRecord): void {
    if (this.#front > 0) this.#entries[--this.#front] = record;
    else this.#entries.unshift(record);
  }

  shift(): InvocationRecord | undefined {
    if (this.#front === this.#entries.length) return undefined;
    const record = this.#entries[this.#front];
    this.#entries[this.#front++] = undefined;
    if (this.#front === this.#entries.length) {
      this.#entries = [];
      this.#front = 0;
    } else if (this.#front >= worthDropping && this.#front * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#front);
      this.#front = 0;
    }
    return record;
  }
}

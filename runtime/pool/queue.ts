import { priorities } from '../invocation/invocation.ts';
import type { InvocationRecord } from '../invocation/record.ts';

/**
 * What waits for a worker: first in, first out within a priority. Every operation is O(1), also taking one out of the
 * middle: a lane is a doubly linked list.
 */
export class InvocationQueue {
  readonly #lanes = priorities.map(() => new Lane());
  readonly #entries = new Map<InvocationRecord, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  push(record: InvocationRecord): void {
    this.#add(record, (lane, entry) => lane.insertBefore(lane.end, entry));
  }

  /** Puts one back that had been taken: it is the next of its priority. */
  unshift(record: InvocationRecord): void {
    this.#add(record, (lane, entry) => lane.insertBefore(lane.end.next, entry));
  }

  /** Takes the next one, or undefined when none waits. */
  shift(): InvocationRecord | undefined {
    for (const lane of this.#lanes) {
      const { record } = lane.end.next;
      if (record) {
        this.remove(record);
        return record;
      }
    }
    return undefined;
  }

  /** Takes this one out, wherever it stands; returns whether it was there. */
  remove(record: InvocationRecord): boolean {
    const entry = this.#entries.get(record);
    if (!entry) return false;
    this.#entries.delete(record);
    entry.previous.next = entry.next;
    entry.next.previous = entry.previous;
    return true;
  }

  /** Takes out all that the predicate names, in no order. */
  removeWhere(predicate: (record: InvocationRecord) => boolean): InvocationRecord[] {
    const removed = [...this.#entries.keys()].filter(predicate);
    for (const record of removed) this.remove(record);
    return removed;
  }

  #add(record: InvocationRecord, insert: (lane: Lane, entry: Entry) => void): void {
    const lane = this.#lanes[priorities.indexOf(record.request?.priority ?? 'normal')] as Lane;
    const entry = new Entry(record);
    this.#entries.set(record, entry);
    insert(lane, entry);
  }
}

class Entry {
  readonly record: InvocationRecord | undefined;
  previous: Entry = this;
  next: Entry = this;

  constructor(record?: InvocationRecord) {
    this.record = record;
  }
}

/** A ring: its one entry without a record stands between the last and the first. */
class Lane {
  readonly end = new Entry();

  insertBefore(next: Entry, entry: Entry): void {
    entry.next = next;
    entry.previous = next.previous;
    next.previous.next = entry;
    next.previous = entry;
  }
}

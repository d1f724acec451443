import { type Priority, priorities } from '../invocation/invocation.ts';
import { InvocationRecord } from '../invocation/record.ts';

/**
 * What waits for a worker: first in, first out within a priority. Every operation is O(1), also taking one out of the
 * middle: a lane is a doubly linked list through the records themselves.
 */
export class InvocationQueue {
  readonly #lanes = new Map<Priority, InvocationRecord>(priorities.map((priority) => [priority, newLane()]));
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that `shift` would take. */
  get next(): InvocationRecord | undefined {
    for (const lane of this.#lanes.values()) if (lane.next !== lane) return lane.next;
    return undefined;
  }

  push(record: InvocationRecord): void {
    this.#insertBefore(this.#laneOf(record), record);
  }

  /** Puts one back that had been taken: it is the next of its priority. */
  unshift(record: InvocationRecord): void {
    this.#insertBefore(this.#laneOf(record).next as InvocationRecord, record);
  }

  /** Takes the next one, or undefined when none waits. */
  shift(): InvocationRecord | undefined {
    const { next } = this;
    if (next) this.remove(next);
    return next;
  }

  /** Takes this one out, wherever it stands; returns whether it was there. */
  remove(record: InvocationRecord): boolean {
    const { previous, next } = record;
    if (!previous || !next) return false;
    previous.next = next;
    next.previous = previous;
    record.previous = undefined;
    record.next = undefined;
    this.#size--;
    return true;
  }

  /** Takes out all that the predicate names, in their order. */
  removeWhere(predicate: (record: InvocationRecord) => boolean): InvocationRecord[] {
    const found: InvocationRecord[] = [];
    for (const lane of this.#lanes.values()) {
      for (let record = lane.next; record && record !== lane; record = record.next) {
        if (predicate(record)) found.push(record);
      }
    }
    for (const record of found) this.remove(record);
    return found;
  }

  #laneOf({ request }: InvocationRecord): InvocationRecord {
    return this.#lanes.get(request?.priority ?? 'normal') as InvocationRecord;
  }

  #insertBefore(next: InvocationRecord, record: InvocationRecord): void {
    const previous = next.previous as InvocationRecord;
    record.previous = previous;
    record.next = next;
    previous.next = record;
    next.previous = record;
    this.#size++;
  }
}

/** A lane is a ring: this record, which is no invocation, stands between the last and the first. */
function newLane(): InvocationRecord {
  const end = new InvocationRecord('', '');
  end.previous = end;
  end.next = end;
  return end;
}

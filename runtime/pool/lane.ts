import { newInvocationId } from '../channel/invocation-id.ts';
import { type Priority, priorities } from '../invocation/invocation.ts';
import { InvocationRecord } from '../invocation/record.ts';
import { closeRing, type RingMember } from './ring.ts';

/** What waits of one function in one priority, first in, first out. As a member of a ring it waits for its turn. */
export class Lane implements RingMember<Lane> {
  readonly share: FunctionShare;
  readonly priority: Priority;
  previous: Lane | undefined;
  next: Lane | undefined;
  /** No invocation, but what stands between the last and the first. */
  readonly end = closeRing(new InvocationRecord(newInvocationId(), ''));

  constructor(share: FunctionShare, priority: Priority) {
    this.share = share;
    this.priority = priority;
  }

  get first(): InvocationRecord | undefined {
    return this.end.next === this.end ? undefined : this.end.next;
  }
}

/** What one function has of a pool: what waits of it, and how much of it is in the hands of workers. */
export class FunctionShare {
  /** The most that may be in the hands of workers at once. */
  limit = Number.POSITIVE_INFINITY;
  /** Counted only as long as there is a limit. */
  inHand = 0;
  queued = 0;
  readonly lanes: Readonly<Record<Priority, Lane>>;

  constructor() {
    const lanes = priorities.map((priority) => [priority, new Lane(this, priority)]);
    this.lanes = Object.fromEntries(lanes) as Record<Priority, Lane>;
  }

  get isLimited(): boolean {
    return this.limit !== Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.inHand >= this.limit;
  }

  /** How many of those that wait its limit lets run now. */
  get demand(): number {
    return this.isFull ? 0 : Math.min(this.queued, this.limit - this.inHand);
  }
}

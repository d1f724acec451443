import { newInvocationId } from '../channel/invocation-id.ts';
import { type Priority, priorities } from '../invocation/invocation.ts';
import { InvocationRecord } from '../invocation/record.ts';
import { closeRing, type RingMember } from './ring.ts';

/**
 * What goes first: of each depth of nested invocations the priorities, from the highest, as one number. So that of those
 * that are not nested is the index of their priority.
 */
export function rankOf(priority: Priority, depth: number): number {
  return depth * priorities.length + indexOf[priority];
}

const indexOf: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

/** What waits of one function in one rank, first in, first out. As a member of a ring it waits for its turn. */
export class Lane implements RingMember<Lane> {
  readonly share: FunctionShare;
  readonly rank: number;
  previous: Lane | undefined;
  next: Lane | undefined;
  /** No invocation, but what stands between the last and the first. */
  readonly end = closeRing(new InvocationRecord(newInvocationId(), ''));

  constructor(share: FunctionShare, rank: number) {
    this.share = share;
    this.rank = rank;
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
  /** By rank; those of nested invocations are made when there are some. */
  readonly lanes: Lane[] = priorities.map((_, rank) => new Lane(this, rank));

  laneOf(rank: number): Lane {
    while (this.lanes.length <= rank) this.lanes.push(new Lane(this, this.lanes.length));
    return this.lanes[rank] as Lane;
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

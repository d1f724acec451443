import { priorities } from '../invocation/invocation.ts';
import { depthOf } from '../invocation/nesting.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import { FunctionShare, type Lane, rankOf } from './lane.ts';
import { closeRing, insertBefore, takeOut } from './ring.ts';

/**
 * What waits for a worker. Within a priority the functions take turns, so that many invocations of one don't delay those
 * of another; within a function it is first in, first out. What functions have invoked goes before what is new, the
 * deepest first, as somebody in a worker waits for it. A function of which as many are in the hands of workers as
 * its limit allows is out of the rotation. Every operation on one invocation is O(1), also taking it out of the middle.
 */
export class InvocationQueue {
  readonly #shares = new Map<string, FunctionShare>();
  /**
   * Of each rank, the lanes that have something that may run; the next one's turn comes first. Each is a ring of lanes
   * that begins behind the one that stands for its end.
   */
  readonly #rotations: Lane[] = [];
  /** How many of those that wait are nested so deep; those that are not nested don't count. */
  readonly #nested: number[] = [];
  /** Most invocations are of the same function as the one before. */
  #latest: { name: string; share: FunctionShare } | undefined;
  #hasLimits = false;
  #size = 0;
  #demand = 0;

  get size(): number {
    return this.#size;
  }

  /** How many of those that wait may run now, if there are workers. */
  get demand(): number {
    return this.#demand;
  }

  /** The same of those that are nested so deep or deeper. */
  demandFrom(depth: number): number {
    if (depth === 0) return this.#demand;
    const nested = this.#nested.slice(depth).reduce((sum, count) => sum + count, 0);
    return Math.min(this.#demand, nested);
  }

  /** How deep the deepest of those that wait is nested. */
  get deepest(): number {
    return Math.max(
      0,
      this.#nested.findLastIndex((count) => count > 0),
    );
  }

  /** The one that `take` would take. */
  nextFrom(depth = 0): InvocationRecord | undefined {
    return this.#nextLane(depth)?.first;
  }

  /** Whether one more of this function may run now, after those that wait. */
  hasRoomFor(functionName: string): boolean {
    if (!this.#hasLimits) return true;
    const { queued, inHand, limit } = this.#shareOf(functionName);
    return inHand + queued < limit;
  }

  push(record: InvocationRecord): void {
    const lane = this.#laneOf(record);
    this.#add(record, lane, lane.end);
    if (!lane.next && !lane.share.isFull) insertBefore(this.#rotationOf(lane.rank), lane);
  }

  /**
   * Takes the next one, of those that are nested so deep or deeper, into the hands of a worker, until `release` or
   * `putBack`; undefined when none may run.
   */
  take(depth = 0): InvocationRecord | undefined {
    const lane = this.#nextLane(depth);
    const record = lane?.first;
    if (!lane || !record) return undefined;
    const { share } = lane;
    this.#drop(record, share);
    if (share.isLimited) this.#changeInHand(share, 1);
    takeOut(lane);
    if (share.isFull) park(share);
    else if (lane.first) insertBefore(this.#rotationOf(lane.rank), lane);
    return record;
  }

  /** One of this function has left the hands of a worker. */
  release(functionName: string): void {
    if (!this.#hasLimits) return;
    const share = this.#shareOf(functionName);
    if (!share.isLimited) return;
    this.#changeInHand(share, -1);
    this.#unpark(share);
  }

  /** One that had been released goes on, also beyond the limit: it runs already. */
  reclaim(functionName: string): void {
    if (!this.#hasLimits) return;
    const share = this.#shareOf(functionName);
    if (!share.isLimited) return;
    this.#changeInHand(share, 1);
    if (share.isFull) park(share);
  }

  /** One that had been taken comes back: it is the next of its function, whose turn it is. */
  putBack(record: InvocationRecord): void {
    const lane = this.#laneOf(record);
    this.#add(record, lane, lane.end.next as InvocationRecord);
    if (lane.share.isLimited) this.#changeInHand(lane.share, -1);
    const rotation = this.#rotationOf(lane.rank);
    if (!lane.next && !lane.share.isFull) insertBefore(rotation.next as Lane, lane);
    this.#unpark(lane.share);
  }

  /** Takes this one out, wherever it stands; returns whether it was there. */
  remove(record: InvocationRecord): boolean {
    if (!record.next) return false;
    const lane = this.#laneOf(record);
    this.#drop(record, lane.share);
    if (!lane.first) takeOut(lane);
    return true;
  }

  /** Takes out all that the predicate names, those of each function in their order. */
  removeWhere(predicate: (record: InvocationRecord) => boolean): InvocationRecord[] {
    const found: InvocationRecord[] = [];
    for (const { lanes } of this.#shares.values()) {
      for (const { end } of lanes) {
        for (let record = end.next; record && record !== end; record = record.next) {
          if (predicate(record)) found.push(record);
        }
      }
    }
    for (const record of found) this.remove(record);
    return found;
  }

  /** Sets how many of each function may be in the hands of workers at once; `inHand` are those that are there now. */
  limit(limits: ReadonlyMap<string, number>, inHand: readonly InvocationRecord[]): void {
    this.#hasLimits = limits.size > 0;
    for (const name of limits.keys()) this.#shareOf(name);
    for (const [name, share] of this.#shares) {
      share.limit = limits.get(name) ?? Number.POSITIVE_INFINITY;
      share.inHand = 0;
    }
    for (const { functionName } of inHand) this.#shareOf(functionName).inHand++;
    this.#demand = 0;
    for (const share of this.#shares.values()) {
      this.#demand += share.demand;
      if (share.isFull) park(share);
      else this.#unpark(share);
    }
  }

  #nextLane(shallowest: number): Lane | undefined {
    const step = priorities.length;
    const deepest = Math.floor((this.#rotations.length - 1) / step);
    for (let priority = 0; priority < step; priority++) {
      for (let depth = deepest; depth >= shallowest; depth--) {
        const rotation = this.#rotations[depth * step + priority];
        if (rotation && rotation.next !== rotation) return rotation.next;
      }
    }
    return undefined;
  }

  #rotationOf(rank: number): Lane {
    while (this.#rotations.length <= rank) {
      this.#rotations.push(closeRing(new FunctionShare().laneOf(this.#rotations.length)));
    }
    return this.#rotations[rank] as Lane;
  }

  #laneOf(record: InvocationRecord): Lane {
    const rank = rankOf(record.request?.priority ?? 'normal', depthOf(record));
    return this.#shareOf(record.functionName).laneOf(rank);
  }

  #shareOf(name: string): FunctionShare {
    if (this.#latest?.name === name) return this.#latest.share;
    let share = this.#shares.get(name);
    if (!share) {
      share = new FunctionShare();
      this.#shares.set(name, share);
    }
    this.#latest = { name, share };
    return share;
  }

  #add(record: InvocationRecord, { share }: Lane, before: InvocationRecord): void {
    insertBefore(before, record);
    this.#size++;
    if (record.nesting) this.#countNested(record.nesting.depth, 1);
    this.#demand -= share.demand;
    share.queued++;
    this.#demand += share.demand;
  }

  #drop(record: InvocationRecord, share: FunctionShare): void {
    takeOut(record);
    this.#size--;
    if (record.nesting) this.#countNested(record.nesting.depth, -1);
    this.#demand -= share.demand;
    share.queued--;
    this.#demand += share.demand;
  }

  #countNested(depth: number, by: 1 | -1): void {
    this.#nested[depth] = (this.#nested[depth] ?? 0) + by;
  }

  #changeInHand(share: FunctionShare, by: 1 | -1): void {
    this.#demand -= share.demand;
    share.inHand += by;
    this.#demand += share.demand;
  }

  /** Back into the rotation, at its end. */
  #unpark(share: FunctionShare): void {
    if (share.isFull || share.queued === 0) return;
    for (const lane of share.lanes) {
      if (!lane.next && lane.first) insertBefore(this.#rotationOf(lane.rank), lane);
    }
  }
}

function park({ lanes }: FunctionShare): void {
  for (const lane of lanes) takeOut(lane);
}

import { type Priority, priorities } from '../invocation/invocation.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import { Credit, type Runnable } from './credit.ts';
import type { Fleet } from './fleet.ts';
import type { Worker } from './worker.ts';

/** Decides what is handed to workers that are busy still, and takes it back when that turns out wrong. */
export class HandAhead {
  readonly #fleet: Fleet;
  readonly #onStalled: (records: readonly InvocationRecord[]) => void;
  readonly #credit = new Credit();
  #stallCheck: NodeJS.Timeout | undefined;

  /** `onStalled` is given what waited behind a long run and was taken back; it is to run elsewhere, in this order. */
  constructor(fleet: Fleet, onStalled: (records: readonly InvocationRecord[]) => void) {
    this.#fleet = fleet;
    this.#onStalled = onStalled;
  }

  /** It took so long. */
  observe(record: InvocationRecord, durationMs: number): void {
    this.#credit.observe(runnableOf(record), durationMs);
  }

  /** So many of those that this record stands for took so long together. */
  observeTogether(record: InvocationRecord, count: number, durationMs: number): void {
    this.#credit.observe(runnableOf(record), durationMs / count);
  }

  /** How many invocations of this function may travel together; 1 when it is not short enough. */
  togetherOf(functionName: string): number {
    return this.#credit.togetherOf(functionName);
  }

  /** Something that stands for several was handed out: whether it goes on is looked at. */
  watch(): void {
    this.#checkStallsSoon();
  }

  /** How many invocations of this function a worker may have in its hands. */
  creditOf(functionName: string): number {
    return this.#credit.of(functionName);
  }

  /** The busy worker that this one may be handed to ahead of time, if it is short enough. */
  findHolder(record: InvocationRecord): Worker | undefined {
    const wanted = runnableOf(record);
    const most = this.#credit.of(wanted);
    if (most === 1) return undefined;
    const now = performance.now();
    let holder: Worker | undefined;
    let least = most;
    for (const worker of this.#fleet.workers) {
      const { current, load } = worker;
      if (!current || load >= least || now - current.since > stallMs) continue;
      if (record.chunk && load >= chunksInHand) continue;
      const running = runnableOf(current.record);
      if (running !== wanted && load >= this.#credit.of(running)) continue;
      if (!this.#fleet.canHold(worker, record.functionName)) continue;
      holder = worker;
      least = load;
    }
    if (holder) this.#checkStallsSoon();
    return holder;
  }

  /** Takes back what workers hold of a lower priority than this one, which waits. */
  recallFor({ request }: InvocationRecord): readonly InvocationRecord[] {
    if (!request || request.priority === 'low') return none;
    let recalled: InvocationRecord[] | undefined;
    for (const worker of this.#fleet.workers) {
      // It is handed the higher ones first: the last that it holds is one of the lowest.
      const last = worker.load > 1 ? worker.turns.at(-1)?.record.request : undefined;
      if (!last || !isLower(last.priority, request.priority)) continue;
      recalled ??= [];
      recalled.push(...worker.takeBack());
    }
    return recalled ?? none;
  }

  #checkStallsSoon(): void {
    this.#stallCheck ??= setTimeout(() => this.#checkStalls(), stallMs).unref();
  }

  /** Takes back what waits behind a run that turns out to be long, when it could run elsewhere. */
  #checkStalls(): void {
    this.#stallCheck = undefined;
    const now = performance.now();
    const stalled: InvocationRecord[] = [];
    let isHolding = false;
    for (const worker of this.#fleet.workers) {
      const { current } = worker;
      if (!current) continue;
      if (current.record.chunk) {
        isHolding = true;
        const hasStalled =
          now - current.since > stallMs && now - worker.runsTogetherSince(now) > stallTogetherMs;
        if (hasStalled || now - current.since > longestTogetherMs) {
          worker.catchUp();
          stalled.push(...worker.takeBack());
        }
        continue;
      }
      if (worker.load < 2) continue;
      if (now - current.since > stallMs && this.#fleet.free > 0) stalled.push(...worker.takeBack());
      if (worker.load > 1) isHolding = true;
    }
    this.#onStalled(stalled);
    if (isHolding) this.#checkStallsSoon();
  }
}

function runnableOf({ inline, functionName }: InvocationRecord): Runnable {
  return inline ?? functionName;
}

const none: readonly InvocationRecord[] = [];

function isLower(priority: Priority, than: Priority): boolean {
  return priority !== than && priorities.indexOf(priority) > priorities.indexOf(than);
}

/**
 * The same for one of those that travel together. Longer, as a busy machine lets a worker stand for some ms, and to send
 * the others one by one costs as much.
 */
const stallTogetherMs = 8;

/** What should take a fortieth of this, and goes on still: each has become longer, and something else may wait for them all. */
const longestTogetherMs = 20;

/** One that runs, and one more so that the worker doesn't wait for it. */
const chunksInHand = 2;

/** A run that was handed over behind others and has waited so long waits for a long one: it should run elsewhere. */
const stallMs = 2;

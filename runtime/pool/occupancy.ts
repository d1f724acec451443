import type { InvocationRecord } from '../invocation/record.ts';
import type { BackOff } from './back-off.ts';
import type { Fleet } from './fleet.ts';
import type { InvocationQueue } from './queue.ts';

export interface OccupancyOptions {
  readonly queue: InvocationQueue;
  readonly fleet: Fleet;
  readonly backOff: BackOff;
}

/** How much a pool has to do. */
export class Occupancy {
  readonly #queue: InvocationQueue;
  readonly #fleet: Fleet;
  readonly #backOff: BackOff;

  constructor({ queue, fleet, backOff }: OccupancyOptions) {
    this.#queue = queue;
    this.#fleet = fleet;
    this.#backOff = backOff;
  }

  /** How many wait, those included that a worker holds and has not begun, and those between two attempts. */
  get queued(): number {
    return this.waiting + this.#backOff.size;
  }

  get running(): number {
    let running = 0;
    for (const { load } of this.#fleet.workers) if (load > 0) running++;
    return running;
  }

  /** How many wait for a worker, those included that one holds. */
  get waiting(): number {
    let waiting = this.#queue.size;
    for (const { load, turns } of this.#fleet.workers) {
      // What was cancelled there waits no more.
      for (let held = 1; held < load; held++) if (!turns[held]?.record.hasEnded) waiting++;
    }
    return waiting;
  }

  /** How many would wait with one more of this function: what can run now, or when a worker has started, doesn't. */
  waitingWith(functionName: string): number {
    const { waiting } = this;
    const held = waiting - this.#queue.size;
    const demand = this.#queue.demand + (this.#queue.hasRoomFor(functionName) ? 1 : 0);
    return waiting + 1 - Math.min(this.#fleet.free, demand + held);
  }

  /** All that are in the hands of workers, without those that wait for invocations of their own. */
  get inHand(): InvocationRecord[] {
    const running = [...this.#fleet.workers].filter(({ isWaiting }) => !isWaiting);
    return running.flatMap(({ turns }) => turns.map(({ record }) => record));
  }
}

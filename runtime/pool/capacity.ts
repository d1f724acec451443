import type { PoolSettings } from '../config/pool-settings.ts';
import type { Code } from './code.ts';
import { NestingRoom } from './nesting-room.ts';
import { Pace } from './pace.ts';
import type { Worker } from './worker.ts';

/** What waits for a worker, as far as a fleet has to know. */
export interface Backlog {
  /** How many may run now if there are workers, of those that are nested so deep or deeper. */
  demandFrom(depth: number): number;
  /** How deep the deepest is nested. */
  readonly deepest: number;
}

/** How many of a pool's workers can take something, and how many more are needed for what waits. */
export class Capacity {
  readonly #workers: ReadonlySet<Worker>;
  readonly #settings: PoolSettings;
  readonly #backlog: Backlog;
  /** How many workers run something that waits for others. */
  #waiting = 0;
  readonly #pace = new Pace();

  constructor(workers: ReadonlySet<Worker>, settings: PoolSettings, backlog: Backlog) {
    this.#workers = workers;
    this.#settings = settings;
    this.#backlog = backlog;
  }

  /** What one of them runs waits for others from now on. */
  waits(): void {
    this.#waiting++;
  }

  /** It waits no more. */
  goesOn(): void {
    this.#waiting--;
  }

  /** A worker has started: the next will take as long. */
  started({ spawnedAt, readyAt }: Worker): void {
    this.#pace.started(readyAt - spawnedAt);
  }

  /** An invocation took so long: the next will as well. */
  ran(durationMs: number): void {
    this.#pace.ran(durationMs);
  }

  /** How many more invocations can run, in the workers there are or in ones that can be started. */
  get free(): number {
    return Math.max(0, this.#settings.max - this.count(isRunning));
  }

  /** How deep an invocation has to be nested to be started now. */
  get shallowest(): number {
    return this.#waiting === 0 ? 0 : this.#room.shallowest;
  }

  /** Whether one more worker with this code may be started. */
  canGrow(code: Code | undefined): boolean {
    let there = 0;
    for (const worker of this.#workers) if (worker.code === code && worker.state !== 'draining') there++;
    return there < this.#settings.max + this.#waiting;
  }

  /**
   * How many workers with this code, which is in service, there should be; `min` are kept warm. With `isActive` one more
   * than may run something, so that it is ready when another one has to go.
   */
  wanted(code: Code, min: number, isActive: boolean): number {
    const busy = this.count((worker) => worker.code === code && worker.state === 'busy');
    const wanted = Math.max(min, busy + this.#demand);
    const isOneNearlyOver = (worker: Worker) => worker.code === code && this.isNearlyOver(worker);
    const spare = isActive && this.count(isOneNearlyOver) > 0 ? 1 : 0;
    return Math.min(this.#settings.max + this.#waiting, wanted) + spare;
  }

  /** How many are there or on their way that have the same code as this one and would be there longer. */
  staying(leaving: Worker): number {
    const isLeavingSoon = this.isNearlyOver(leaving);
    return this.count(
      (worker) =>
        worker !== leaving &&
        worker.code === leaving.code &&
        worker.state !== 'draining' &&
        !worker.isSpent &&
        (isLeavingSoon || !this.isNearlyOver(worker)),
    );
  }

  /** Whether it is time to start the one that will take its place. */
  isNearlyOver(worker: Worker): boolean {
    if (isServing(worker)) return worker.isNearlyOver(2 * this.#pace.perStart);
    // Used up as soon as it is ready, it needs the other one as soon.
    return worker.state === 'starting' && worker.isNearlyOver(this.#pace.perStart);
  }

  /** Whether a worker has nothing to do, and none is being started. */
  get isQuiet(): boolean {
    return (
      this.count(({ state }) => state === 'starting') === 0 &&
      this.count(({ state }) => state === 'ready') > 0
    );
  }

  count(predicate: (worker: Worker) => boolean): number {
    let count = 0;
    for (const worker of this.#workers) if (predicate(worker)) count++;
    return count;
  }

  /** How many of those that wait could run now if there were workers. */
  get #demand(): number {
    if (this.#waiting === 0) return this.#backlog.demandFrom(0);
    const room = this.#room;
    return Math.min(this.#backlog.demandFrom(room.shallowest), room.at(this.#backlog.deepest));
  }

  get #room(): NestingRoom {
    // What waits for its reader, or for something shared, leaves its place to others, as one of those may be what it
    // waits for. Not without bound.
    let left = this.#settings.max;
    const occupied = [...this.#workers].filter(
      (worker) => isOccupied(worker) && !(worker.isHeldUp && left-- > 0),
    );
    return new NestingRoom(
      occupied.map(({ depth }) => depth),
      this.#settings.max,
    );
  }
}

/** Whether it can be given something, now or after what it runs. */
export function isServing({ state }: Worker): boolean {
  return state === 'ready' || state === 'busy';
}

function isOccupied({ load }: Worker): boolean {
  return load > 0;
}

function isRunning({ load, isWaiting }: Worker): boolean {
  return load > 0 && !isWaiting;
}

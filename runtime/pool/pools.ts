import type { Logger } from '../config/logger.ts';
import { defaultPool, type PoolSettings } from '../config/pool-settings.ts';
import type { RuntimeClosedError } from '../errors/pool-errors.ts';
import type { Events } from '../figures/events.ts';
import { type FunctionFigures, FunctionRecorder, type FunctionStats } from '../figures/function-figures.ts';
import { PoolObserver } from '../figures/pool-observer.ts';
import type { PoolStats } from '../figures/pool-recorder.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { Code, Release } from './code.ts';
import type { KeepAlive } from './keep-alive.ts';
import { Pool, type PoolOptions } from './pool.ts';
import type { Spares } from './spares.ts';
import type { Worker } from './worker.ts';

export interface PoolsOptions {
  /** Of the default pool, and of those that have another name. */
  readonly settings: readonly PoolSettings[];
  /** Of each pool, by its name. */
  readonly spares: ReadonlyMap<string, Spares>;
  readonly log: Logger;
  readonly keepAlive: KeepAlive;
  /** The name of the pool of this function; undefined when there is no such function. */
  readonly poolOf: (functionName: string) => string | undefined;
  /** Who is told what happens. */
  readonly events: Events;
  /** See PoolOptions. */
  readonly onCall: PoolOptions['onCall'];
  readonly arbiter: PoolOptions['arbiter'];
}

/** A release on its way into service. */
interface Arrival {
  readonly release: Release;
  readonly codes: ReadonlyMap<Pool, Code>;
  /** The pools in which no worker has loaded it yet. */
  readonly missing: Set<Pool>;
}

/** All pools of a runtime: they change to other code together. */
export class Pools {
  readonly #pools: ReadonlyMap<string, Pool>;
  #arrival: Arrival | undefined;
  /** Of the named pools, when the latest release that reached them is warm. */
  #named: Promise<unknown> = Promise.resolve();

  constructor({ settings, spares, poolOf, events, ...shared }: PoolsOptions) {
    let lastWorkerId = 0;
    const options = {
      ...shared,
      nextWorkerId: () => ++lastWorkerId,
      homeOf: (functionName: string) => this.get(poolOf(functionName) ?? ''),
      onLoaded: (pool: Pool, code: Code) => this.#loaded(pool, code),
    };
    this.#pools = new Map(
      settings.map((each) => {
        const own = {
          settings: each,
          spares: spares.get(each.name) as Spares,
          observer: new PoolObserver(each.name, events),
        };
        return [each.name, new Pool({ ...options, ...own })];
      }),
    );
  }

  get(name: string): Pool | undefined {
    return this.#pools.get(name);
  }

  /**
   * Brings this release into service: first in the default pool, whose first worker tells which function is whose, then
   * in the others; when each has a worker that is ready with it, all change at once. Resolves when the `min` workers of
   * all are warm with it, or with what came after it. Rejects when no worker with it starts; then all stays as it was.
   */
  async load(release: Release): Promise<void> {
    const codes = new Map(Array.from(this.#all, (pool) => [pool, release.codeOf(pool.name)] as const));
    const arrival: Arrival = { release, codes, missing: new Set(this.#all) };
    this.#arrival = arrival;
    const first = this.get(defaultPool) as Pool;
    try {
      await first.load(codes.get(first) as Code);
      await this.#named;
    } catch (error) {
      this.#giveUp(arrival, error as Error);
      throw error;
    }
  }

  get workers(): Worker[] {
    return Array.from(this.#all, ({ workers }) => workers).flat();
  }

  /** By their names. */
  get stats(): Record<string, PoolStats> {
    return Object.fromEntries(Array.from(this.#all, ({ name, stats }) => [name, stats]));
  }

  /** The figures of a function, in whichever pools it has run. */
  figuresOf(functionName: string): FunctionFigures {
    return this.#recorderOf(functionName).figures;
  }

  /** How its invocations ended. */
  countsOf(functionName: string): FunctionStats {
    return { ...this.#recorderOf(functionName).counts };
  }

  get queued(): number {
    return this.#sum(({ queued }) => queued);
  }

  get running(): number {
    return this.#sum(({ running }) => running);
  }

  /** Resolves when nothing is queued or running in any of them. */
  async drain(): Promise<void> {
    const isBusy = ({ isDrained }: Pool) => !isDrained;
    // What waits can move from one to the other, when a function changes its pool.
    while (Array.from(this.#all).some(isBusy))
      await Promise.all(Array.from(this.#all, (pool) => pool.drain()));
  }

  /** See Pool.stopRetrying. */
  stopRetrying(): void {
    for (const pool of this.#all) pool.stopRetrying();
  }

  /** See Pool.closeDedicated. */
  async closeDedicated(): Promise<void> {
    await Promise.all(Array.from(this.#all, (pool) => pool.closeDedicated()));
  }

  /** See Pool.endUnread. */
  endUnread(): void {
    for (const pool of this.#all) pool.endUnread();
  }

  /** See Pool.kill. */
  kill(error: (record: InvocationRecord) => RuntimeClosedError): void {
    for (const pool of this.#all) pool.kill(error);
  }

  /** Stops all workers; resolves when their processes are gone. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#all, (pool) => pool.stop()));
  }

  get #all(): Iterable<Pool> {
    return this.#pools.values();
  }

  #recorderOf(functionName: string): FunctionRecorder {
    const recorders = Array.from(this.#all, (pool) => pool.functionRecorder(functionName));
    const [first, ...others] = recorders.filter((each) => each !== undefined);
    // Most functions stay in one pool.
    if (first && others.length === 0) return first;
    const sum = new FunctionRecorder();
    for (const each of first ? [first, ...others] : []) sum.add(each);
    return sum;
  }

  #loaded(pool: Pool, code: Code): void {
    const arrival = this.#arrival;
    if (arrival?.codes.get(pool) !== code) return; // overtaken
    arrival.missing.delete(pool);
    if (pool.name === defaultPool) this.#loadNamed(arrival);
    // A pool without functions says at once that it has them all: then it may be done already.
    if (arrival === this.#arrival && arrival.missing.size === 0) this.#serve(arrival);
  }

  #loadNamed(arrival: Arrival): void {
    const named = Array.from(arrival.codes).filter(([{ name }]) => name !== defaultPool);
    this.#named = Promise.all(named.map(([pool, code]) => pool.load(code)));
    this.#named.catch((error: Error) => this.#giveUp(arrival, error));
  }

  #serve({ release, codes }: Arrival): void {
    this.#arrival = undefined;
    for (const [pool, code] of codes) pool.switchTo(code);
    release.serve();
    for (const pool of codes.keys()) pool.settle();
  }

  /** In none of them it comes into service when one of them can't start it. */
  #giveUp(arrival: Arrival, error: Error): void {
    if (this.#arrival !== arrival) return;
    this.#arrival = undefined;
    for (const pool of this.#all) pool.abandon(error);
  }

  #sum(figure: (pool: Pool) => number): number {
    let sum = 0;
    for (const pool of this.#all) sum += figure(pool);
    return sum;
  }
}

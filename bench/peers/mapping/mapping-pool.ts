import type { Pool, PoolOptions } from '../pools/pool.ts';

/** Whether results are wanted in the order of the items, or as they are ready. */
export type Order = 'ordered' | 'unordered';

/** The functions that items are given to; both take a number. */
export type Task = 'echo' | 'countdown';

/** A pool with its way of running a function for each of many items. */
export interface MappingPool extends Pick<Pool, 'whereabouts' | 'close'> {
  /** Resolves to all results. */
  map(task: Task, items: readonly number[], order: Order): Promise<readonly unknown[]>;
}

/** Imports the library and opens its pool. */
export type OpenMappingPool = (options: PoolOptions) => Promise<MappingPool>;

/** All pools are measured with as many workers. */
export const mapWorkers = 2;

import { Piscina } from 'piscina';
import type { PoolOptions } from '../pools/pool.ts';
import { taskModule } from '../pools/task-module.ts';
import type { MappingPool, Order, Task } from './mapping-pool.ts';

// What both of its threads stand still for at the end of a window is nothing beside 1,000 calls.
const windowSize = 1_000;
// As many as a server under load has, in the subject `invoke`.
const inFlight = 64;

type Run = (item: number) => Promise<unknown>;

/** piscina, which runs one item at a call: how many at once is the caller's to say. */
export async function open(
  { workers }: PoolOptions,
  settings: { concurrentTasksPerWorker?: number } = {},
): Promise<MappingPool> {
  const pool = new Piscina({
    // The functions lie beside the modules of the other pools.
    filename: taskModule('tasks'),
    minThreads: workers,
    maxThreads: workers,
    ...settings,
  });
  const runs: Record<Task, Run> = {
    echo: (item) => pool.run(item),
    countdown: (item) => pool.run(item, { name: 'countdown' }),
  };
  return {
    map: (task, items, order) => ways[order](items, runs[task]),
    whereabouts: () => pool.run(undefined, { name: 'whereabouts' }),
    close: () => pool.destroy(),
  };
}

const ways: Record<Order, (items: readonly number[], run: Run) => Promise<unknown[]>> = {
  ordered: windowAfterWindow,
  unordered: asTheyAreReady,
};

async function windowAfterWindow(items: readonly number[], run: Run): Promise<unknown[]> {
  const results: unknown[] = [];
  for (let start = 0; start < items.length; start += windowSize) {
    results.push(...(await Promise.all(items.slice(start, start + windowSize).map(run))));
  }
  return results;
}

async function asTheyAreReady(items: readonly number[], run: Run): Promise<unknown[]> {
  const results: unknown[] = [];
  const rest = items.values();
  const taker = async () => {
    for (const item of rest) results.push(await run(item));
  };
  await Promise.all(Array.from({ length: inFlight }, taker));
  return results;
}

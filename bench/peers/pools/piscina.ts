import { Piscina } from 'piscina';
import type { Pool, PoolOptions } from './pool.ts';
import { taskModule } from './task-module.ts';

/** piscina, which has threads only. */
export async function open(
  { workers }: PoolOptions,
  settings: { concurrentTasksPerWorker?: number } = {},
): Promise<Pool> {
  const pool = new Piscina({
    filename: taskModule('tasks'),
    minThreads: workers,
    maxThreads: workers,
    ...settings,
  });
  return {
    echo: (args) => pool.run(args),
    whereabouts: () => pool.run(undefined, { name: 'whereabouts' }),
    close: () => pool.destroy(),
  };
}

import { Tinypool } from 'tinypool';
import type { Pool, PoolOptions } from './pool.ts';
import { taskModule } from './task-module.ts';

/** tinypool over processes or threads. */
export async function open({ kind, workers }: PoolOptions): Promise<Pool> {
  const pool = new Tinypool({
    filename: taskModule('tasks'),
    runtime: kind === 'process' ? 'child_process' : 'worker_threads',
    minThreads: workers,
    maxThreads: workers,
  });
  return {
    echo: (args) => pool.run(args),
    whereabouts: () => pool.run(undefined, { name: 'whereabouts' }),
    close: () => pool.destroy(),
  };
}

import { Worker } from 'jest-worker';
import type { Whereabouts } from '../../functions/whereabouts.ts';
import type { Pool, PoolOptions } from './pool.ts';
import { taskModule } from './task-module.ts';

// What jest-worker adds to the pool for each exposed method.
type ExposedTasks = {
  default(args: unknown): Promise<unknown>;
  whereabouts(): Promise<Whereabouts>;
};

/** jest-worker over processes or threads. */
export async function open({ kind, workers }: PoolOptions): Promise<Pool> {
  const pool = new Worker(taskModule('tasks'), {
    numWorkers: workers,
    enableWorkerThreads: kind === 'thread',
    exposedMethods: ['default', 'whereabouts'],
  }) as Worker & ExposedTasks;
  return {
    echo: (args) => pool.default(args),
    whereabouts: () => pool.whereabouts(),
    close: async () => {
      await pool.end();
    },
  };
}

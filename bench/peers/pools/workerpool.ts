import { pool as createPool } from 'workerpool';
import type { Pool, PoolOptions } from './pool.ts';
import { taskModule } from './task-module.ts';

/** workerpool over processes or threads; a named method of a worker script is its fastest way. */
export async function open({ kind, workers }: PoolOptions): Promise<Pool> {
  const pool = createPool(taskModule('workerpool-worker'), {
    workerType: kind,
    minWorkers: workers,
    maxWorkers: workers,
  });
  return {
    echo: (args) => pool.exec('echo', [args]),
    whereabouts: () => pool.exec('whereabouts', []),
    close: async () => {
      await pool.terminate();
    },
  };
}

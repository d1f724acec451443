import { setTimeout as delay } from 'node:timers/promises';
import { FixedThreadPool } from 'poolifier';
import type { Whereabouts } from '../../functions/whereabouts.ts';
import type { Pool, PoolOptions } from './pool.ts';
import { taskModule } from './task-module.ts';

// `destroy` of poolifier 5.3 never resolves in about one run of eight: it listens for a worker's answer under an
// index that shifts when another worker leaves first. The threads end with the measuring process in any case.
const destroyWithinMs = 1_000;

/** poolifier's pool of threads with a fixed number of workers. */
export async function open(
  { workers }: PoolOptions,
  settings: { enableTasksQueue?: boolean } = {},
): Promise<Pool> {
  const pool = new FixedThreadPool<unknown, unknown>(workers, taskModule('poolifier-worker'), settings);
  return {
    echo: (args) => pool.execute(args, 'echo'),
    whereabouts: () => pool.execute(undefined, 'whereabouts') as Promise<Whereabouts>,
    close: () => Promise.race([pool.destroy(), delay(destroyWithinMs)]),
  };
}

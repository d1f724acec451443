import { titleOfDependency } from '../../harness/places.ts';
import type { Contestant, RunOptions } from '../../harness/subject.ts';
import { findWarmPool } from '../warm-pool.ts';
import type { Pool, PoolOptions, WorkerKind } from './pool.ts';

/** A pool that a subject can put in its table. */
export interface PoolContestant extends Contestant {
  readonly kind: WorkerKind;
  /** The library is imported here, so that a measuring process holds one of them alone. */
  open(options: PoolOptions): Promise<Pool>;
}

/** All pools, ours first. */
export const poolContestants: readonly PoolContestant[] = [
  { name: 'warm-pool', ours: true, ...ownPool('process') },
  { name: 'warm-pool threads', ...ownPool('thread') },
  peer('jest-worker', 'process', async (options) => (await import('./jest-worker.ts')).open(options)),
  peer('workerpool', 'process', async (options) => (await import('./workerpool.ts')).open(options)),
  peer('tinypool', 'process', async (options) => (await import('./tinypool.ts')).open(options)),
  peer('jest-worker', 'thread', async (options) => (await import('./jest-worker.ts')).open(options)),
  peer('workerpool', 'thread', async (options) => (await import('./workerpool.ts')).open(options)),
  peer('tinypool', 'thread', async (options) => (await import('./tinypool.ts')).open(options)),
  peer('piscina', 'thread', async (options) => (await import('./piscina.ts')).open(options)),
  peer(
    'piscina',
    'thread',
    async (options) => (await import('./piscina.ts')).open(options, { concurrentTasksPerWorker: 4 }),
    'concurrentTasksPerWorker 4',
  ),
  peer('poolifier', 'thread', async (options) => (await import('./poolifier.ts')).open(options)),
  // By default it sends all calls to the workers at once; this is how it runs one at a time, as the others do.
  peer(
    'poolifier',
    'thread',
    async (options) => (await import('./poolifier.ts')).open(options, { enableTasksQueue: true }),
    'enableTasksQueue',
  ),
];

/** The floor under all process pools; it can do one call at a time and nothing else. */
export const bareSocket: PoolContestant = {
  name: 'bare socket',
  kind: 'process',
  find: async () => ({ present: true, title: 'a bare socket between two processes (the floor)' }),
  open: async () => (await import('./socket.ts')).open(),
};

function ownPool(kind: WorkerKind): Omit<PoolContestant, 'name'> {
  return {
    kind,
    find: async ({ build }: RunOptions) => {
      const presence = await findWarmPool(build);
      return { ...presence, title: `${presence.title}, ${kind === 'process' ? 'processes' : 'threads'}` };
    },
    open: async (options) => (await import('./warm-pool.ts')).open(options),
  };
}

function peer(
  dependency: string,
  kind: WorkerKind,
  open: PoolContestant['open'],
  setting?: string,
): PoolContestant {
  const variant = [kind === 'process' ? 'processes' : 'threads', setting].filter(
    (part) => part !== undefined,
  );
  return {
    name: [dependency, ...variant].join(' '),
    kind,
    find: async () => ({ present: true, title: [titleOfDependency(dependency), ...variant].join(', ') }),
    open,
  };
}

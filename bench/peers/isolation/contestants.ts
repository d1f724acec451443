import type { Contestant, RunOptions } from '../../harness/subject.ts';
import type { WorkerKind } from '../pools/pool.ts';
import { findWarmPool } from '../warm-pool.ts';

/** Where functions run: in a pool, or in the program itself. */
export interface Place extends Contestant {
  /** Undefined for the program itself. */
  readonly pool?: PoolOfPlace;
}

export interface PoolOfPlace {
  readonly kind: WorkerKind;
  readonly workers: number;
}

/** As many as cores of a small machine. */
const few = 2;

/** As one would have them for functions that wait. */
const many = 32;

/** Processes, which are the default, first. Who has many workers takes part in what waits alone. */
export const places: readonly Place[] = [
  { ...place('process', few), ours: true },
  place('thread', few),
  place('process', many, waiting()),
  place('thread', many, waiting()),
  {
    name: 'no pool',
    measures: ['sequential', 'burst', 'countdown', 'speedup', ...waiting()],
    find: async () => ({ present: true, title: 'no pool: the program itself' }),
  },
];

/** The measures of functions that wait. */
export function waiting(): readonly string[] {
  return ['timers', 'server', 'files'];
}

function place(kind: WorkerKind, workers: number, measures?: readonly string[]): Place {
  const plural = kind === 'process' ? 'processes' : 'threads';
  return {
    name: workers === few ? plural : `${plural} ${workers}`,
    pool: { kind, workers },
    ...(measures && { measures }),
    find: async ({ build }: RunOptions) => {
      const presence = await findWarmPool(build);
      return { ...presence, title: `${plural}, ${workers} workers` };
    },
  };
}

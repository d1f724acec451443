import path from 'node:path';
import type { Whereabouts } from '../../functions/whereabouts.ts';
import { compiled } from '../../harness/places.ts';
import type { PoolOptions } from '../pools/pool.ts';
import { loadWarmPool } from '../warm-pool.ts';
import type { MappingPool } from './mapping-pool.ts';

/** How the results get into a list. */
export type Way = 'toArray' | 'for await';

/** `runtime.map` with its defaults. */
export async function open(
  { kind, workers, build, folder }: PoolOptions,
  way: Way = 'toArray',
): Promise<MappingPool> {
  const { createRuntime } = await loadWarmPool(build);
  const runtime = await createRuntime({
    cwd: folder,
    config: {
      functions: [path.join(compiled, 'functions')],
      pool: { min: workers, max: workers, isolation: kind },
    },
  });
  return {
    map: async (task, items, order) => {
      const mapping = runtime.map(task, items, { ordered: order === 'ordered' });
      if (way === 'toArray') return mapping.toArray();
      const results: unknown[] = [];
      for await (const result of mapping) results.push(result);
      return results;
    },
    whereabouts: () => runtime.invoke<Whereabouts>('whereabouts'),
    close: () => runtime.close(),
  };
}

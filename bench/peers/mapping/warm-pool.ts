import path from 'node:path';
import type { Whereabouts } from '../../functions/whereabouts.ts';
import { compiled } from '../../harness/places.ts';
import type { PoolOptions } from '../pools/pool.ts';
import { loadWarmPool } from '../warm-pool.ts';
import type { MappingPool } from './mapping-pool.ts';

/** `runtime.map` with its defaults. */
export async function open({ kind, workers, build, folder }: PoolOptions): Promise<MappingPool> {
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
      const results: unknown[] = [];
      for await (const result of runtime.map(task, items, { ordered: order === 'ordered' })) {
        results.push(result);
      }
      return results;
    },
    whereabouts: () => runtime.invoke<Whereabouts>('whereabouts'),
    close: () => runtime.close(),
  };
}

import path from 'node:path';
import type { Whereabouts } from '../../functions/whereabouts.ts';
import { compiled } from '../../harness/places.ts';
import { loadWarmPool } from '../warm-pool.ts';
import type { Pool, PoolOptions } from './pool.ts';

/** warm-pool as an embedding app uses it. */
export async function open({ kind, workers, build, folder }: PoolOptions): Promise<Pool> {
  const { createRuntime } = await loadWarmPool(build);
  const runtime = await createRuntime({
    cwd: folder,
    config: {
      functions: [path.join(compiled, 'functions')],
      pool: { min: workers, max: workers, isolation: kind },
    },
  });
  return {
    echo: (args) => runtime.invoke('echo', args),
    whereabouts: () => runtime.invoke<Whereabouts>('whereabouts'),
    close: () => runtime.close(),
  };
}

import path from 'node:path';
import type { PoolConfig, Runtime } from '../../../dist/runtime/index.js';
import { compiled } from '../../harness/places.ts';
import type { Job } from '../../harness/subject.ts';
import { loadWarmPool } from '../warm-pool.ts';

/** A runtime with the functions of the benchmarks. */
export async function openRuntime({ build, folder }: Job, pool: PoolConfig): Promise<Runtime> {
  const { createRuntime } = await loadWarmPool(build);
  const functions = [path.join(compiled, 'functions')];
  return createRuntime({ cwd: folder, hotReload: false, config: { functions, pool } });
}

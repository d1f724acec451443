import path from 'node:path';
import { loadWarmPool } from '../warm-pool.ts';
import type { PhotoPool, PhotoPoolOptions } from './photo-pool.ts';

/** The thumbnail function that ships with warm-pool, invoked for all photos at once. */
export async function open({ workers, build, folder }: PhotoPoolOptions): Promise<PhotoPool> {
  const { createRuntime } = await loadWarmPool(build);
  const runtime = await createRuntime({
    cwd: folder,
    config: { functions: [path.join(build, 'functions')], pool: { min: workers, max: workers } },
  });
  const invocationsByProcess = () =>
    new Map(runtime.stats().workers.map(({ pid, invocations }) => [pid, invocations]));
  return {
    process: async (photos) => {
      const before = invocationsByProcess();
      await Promise.all(photos.map((src) => runtime.invoke('thumbnail', { src })));
      return [...invocationsByProcess()].flatMap(([pid, invocations]) =>
        pid !== undefined && invocations > (before.get(pid) ?? 0) ? [pid] : [],
      );
    },
    close: () => runtime.close(),
  };
}

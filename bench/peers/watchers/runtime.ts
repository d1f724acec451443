import { availableParallelism } from 'node:os';
import type { Runtime, WatchOptions } from '../../../dist/runtime/index.js';
import { loadWarmPool } from '../warm-pool.ts';
import type { WatcherOptions } from './watcher.ts';

/** The workers of all runtimes that watch. */
export const workers = availableParallelism();

/** What a runtime does with the files that land. */
export interface Reaction extends Pick<WatchOptions, 'invoke' | 'args' | 'existing'> {
  /** The folder of the functions. */
  readonly functions: string;
}

/**
 * Creates a runtime with one trigger, on the inbox, set as in the configuration that comes with warm-pool. The trigger
 * has the same id whatever it invokes, so that receipts serve for all.
 */
export async function createRuntime(
  { inbox, folder, build }: Pick<WatcherOptions, 'inbox' | 'folder' | 'build'>,
  { functions, ...reaction }: Reaction,
): Promise<Runtime> {
  const { createRuntime: create, watch } = await loadWarmPool(build);
  return create({
    cwd: folder,
    config: {
      functions: [functions],
      pool: { min: workers, max: workers },
      triggers: [
        watch({
          id: triggerId,
          path: inbox,
          match: '*.{jpg,jpeg}',
          ignore: '**/thumbnails/**',
          ...reaction,
        }),
      ],
    },
  });
}

/** How many files the trigger has done with. */
export function countDone(runtime: Runtime): number {
  return runtime.triggers().find(({ id }) => id === triggerId)?.counts.done ?? 0;
}

const triggerId = 'inbox';

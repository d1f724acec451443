import { availableParallelism } from 'node:os';
import type { Runtime, WatchOptions } from '../../../dist/runtime/index.js';
import { loadWarmPool } from '../warm-pool.ts';
import type { WatcherOptions } from './watcher.ts';

/** The workers of all runtimes that watch. */
export const workers = availableParallelism();

/** What a runtime does with the files that land. */
export type Reaction = Pick<WatchOptions, 'invoke' | 'args' | 'existing'>;

/**
 * Creates a runtime with the functions of a folder and, for `reaction`, one trigger on the inbox, set as in the
 * configuration that comes with warm-pool. The trigger has the same id whatever it invokes, so that receipts serve for
 * all.
 */
export async function createRuntime(
  { inbox, folder, build }: Pick<WatcherOptions, 'inbox' | 'folder' | 'build'>,
  { functions, reaction }: { readonly functions: string; readonly reaction?: Reaction },
): Promise<Runtime> {
  const { createRuntime: create, watch } = await loadWarmPool(build);
  return create({
    cwd: folder,
    config: {
      functions: [functions],
      pool: { min: workers, max: workers },
      triggers: reaction
        ? [
            watch({
              id: triggerId,
              path: inbox,
              match: '*.{jpg,jpeg}',
              ignore: '**/thumbnails/**',
              ...reaction,
            }),
          ]
        : [],
    },
  });
}

/** How many files the trigger has done with. */
export function countDone(runtime: Runtime): number {
  return runtime.triggers().find(({ id }) => id === triggerId)?.counts.done ?? 0;
}

const triggerId = 'inbox';

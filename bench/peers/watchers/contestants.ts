import { titleOfDependency } from '../../harness/places.ts';
import type { Contestant } from '../../harness/subject.ts';
import { findWarmPool } from '../warm-pool.ts';
import type { Watcher, WatcherOptions } from './watcher.ts';

/** A watcher that a subject can put in its table. */
export interface WatcherContestant extends Contestant {
  /** It tells of a file when all of it is there, and not of its first bytes. */
  readonly tellsOfWhole?: true;
  /**
   * Imports the library, so that a measuring process holds one of them alone, and provides what it knows of the inbox from
   * an earlier time. Resolves to what begins to watch, which itself resolves when the watcher says that it is ready.
   */
  load(options: WatcherOptions): Promise<() => Promise<Watcher>>;
}

/** All watchers, ours first. */
export const watcherContestants: readonly WatcherContestant[] = [
  {
    name: 'warm-pool',
    ours: true,
    tellsOfWhole: true,
    find: ({ build }) => findWarmPool(build),
    load: async (options) => {
      const { provideReceipts } = await import('./receipts.ts');
      await provideReceipts(options);
      const { loadWarmPool } = await import('../warm-pool.ts');
      await loadWarmPool(options.build);
      const { start } = await import('./warm-pool.ts');
      return () => start(options);
    },
  },
  {
    name: 'chokidar',
    find: async () => ({ present: true, title: titleOfDependency('chokidar') }),
    load: async (options) => {
      const { start } = await import('./chokidar.ts');
      return () => start(options);
    },
  },
  {
    name: 'chokidar awaitWriteFinish',
    tellsOfWhole: true,
    find: async () => ({ present: true, title: `${titleOfDependency('chokidar')}, awaitWriteFinish` }),
    load: async (options) => {
      const { start } = await import('./chokidar.ts');
      return () => start(options, { awaitWriteFinish: true });
    },
  },
  {
    name: '@parcel/watcher',
    find: async () => ({ present: true, title: titleOfDependency('@parcel/watcher') }),
    load: async (options) => {
      const { start } = await import('./parcel.ts');
      return () => start(options);
    },
  },
];

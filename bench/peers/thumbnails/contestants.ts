import { titleOfDependency } from '../../harness/places.ts';
import type { Contestant } from '../../harness/subject.ts';
import { findWarmPool } from '../warm-pool.ts';
import type { PhotoPool, PhotoPoolOptions } from './photo-pool.ts';

/** Something that makes thumbnails, or the part of it that nobody can do without. */
export interface PhotoContestant extends Contestant {
  readonly writesThumbnails: boolean;
  open(options: PhotoPoolOptions): Promise<PhotoPool>;
}

/** All that are compared, ours first. */
export const photoContestants: readonly PhotoContestant[] = [
  {
    name: 'warm-pool',
    ours: true,
    writesThumbnails: true,
    find: ({ build }) => findWarmPool(build),
    open: async (options) => (await import('./warm-pool.ts')).open(options),
  },
  {
    name: 'reference',
    writesThumbnails: true,
    find: async () => (await import('./reference.ts')).find(),
    open: async (options) => (await import('./reference.ts')).open(options),
  },
  {
    name: 'sharp per size',
    writesThumbnails: true,
    find: async () => ({ present: true, title: `${titleOfDependency('sharp')}, one pipeline per size` }),
    open: async (options) => (await import('./sharp.ts')).open('per-size', options),
  },
  {
    name: 'decode alone',
    writesThumbnails: false,
    find: async () => ({
      present: true,
      title: `${titleOfDependency('sharp')}, decode to 1024 alone (the floor)`,
    }),
    open: async (options) => (await import('./sharp.ts')).open('decode', options),
  },
];

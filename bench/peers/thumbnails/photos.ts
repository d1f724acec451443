import { constants } from 'node:fs';
import { copyFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../harness/options.ts';
import { generatePhotos } from './generate-photos.ts';

/** How many photos are generated where there are none: as many as the set of real ones has. */
const generatedCount = 24;
const quickCount = 6;

/**
 * Fills the folder with the photos to measure on: those of `POOL_PHOTOS`, in its folder `camera`, or generated
 * ones. Returns what a reader must know of them.
 */
export async function providePhotos(folder: string, quick: boolean, signal: AbortSignal): Promise<string> {
  const source = process.env.POOL_PHOTOS;
  if (source) {
    const count = await copyPhotos(path.join(source, 'camera'), folder, quick ? quickCount : Infinity);
    return `Photos: ${count} by real cameras, from POOL_PHOTOS.`;
  }
  const count = quick ? quickCount : generatedCount;
  await generatePhotos(folder, count, signal);
  return `Photos: ${count} generated ones of 6 megapixels, since POOL_PHOTOS does not name a folder with real ones.`;
}

async function copyPhotos(from: string, to: string, most: number): Promise<number> {
  const entries = await readdir(from).catch(() => []);
  const photos = entries
    .filter((name) => /\.jpe?g$/i.test(name))
    .sort()
    .slice(0, most);
  if (photos.length === 0) {
    throw new UsageError(
      `POOL_PHOTOS must be a folder with photos in its folder camera/; found none in ${from}`,
    );
  }
  await Promise.all(
    photos.map((name) => copyFile(path.join(from, name), path.join(to, name), constants.COPYFILE_FICLONE)),
  );
  return photos.length;
}

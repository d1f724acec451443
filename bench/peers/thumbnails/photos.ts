import { constants } from 'node:fs';
import { copyFile, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
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

/**
 * Writes one photo to `file`: the one of `POOL_PHOTOS` that has as many larger as smaller ones beside it, or a generated
 * one. Returns what a reader must know of it.
 */
export async function provideTypicalPhoto(file: string, signal: AbortSignal): Promise<string> {
  const source = process.env.POOL_PHOTOS;
  if (source) {
    const folder = path.join(source, 'camera');
    const photos = await Promise.all(
      (await photosIn(folder)).map(async (name) => ({ name, ...(await stat(path.join(folder, name))) })),
    );
    const { name, size } = photos.sort((a, b) => a.size - b.size)[photos.length >> 1] as (typeof photos)[0];
    await copyFile(path.join(folder, name), file, constants.COPYFILE_FICLONE);
    return `Photo: ${name}, ${inMegabytes(size)} MB, from POOL_PHOTOS.`;
  }
  const folder = await mkdtemp(`${file}-`);
  await generatePhotos(folder, 1, signal);
  const [name] = await readdir(folder);
  await rename(path.join(folder, String(name)), file);
  await rm(folder, { recursive: true });
  const { size } = await stat(file);
  return `Photo: a generated one of 6 megapixels, ${inMegabytes(size)} MB, since POOL_PHOTOS does not name a folder with real ones.`;
}

function inMegabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

async function copyPhotos(from: string, to: string, most: number): Promise<number> {
  const photos = (await photosIn(from)).slice(0, most);
  await Promise.all(
    photos.map((name) => copyFile(path.join(from, name), path.join(to, name), constants.COPYFILE_FICLONE)),
  );
  return photos.length;
}

async function photosIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  const photos = entries.filter((name) => /\.jpe?g$/i.test(name)).sort();
  if (photos.length === 0) {
    throw new UsageError(
      `POOL_PHOTOS must be a folder with photos in its folder camera/; found none in ${folder}`,
    );
  }
  return photos;
}

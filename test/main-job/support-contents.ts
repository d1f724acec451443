import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import type { Random } from '../channel/support-random.ts';
import { realPhotos } from '../support/photos.ts';
import { thumbnail } from '../support/thumbnail.ts';

/** A photo and what the function makes of it, byte for byte. */
export interface Content {
  readonly photo: Buffer;
  /** In the order in which the function lists them. */
  readonly thumbnails: readonly Buffer[];
}

/**
 * Photos of 0.1 to 2 megapixels, and the camera's where there are some. No two have the same size in bytes or one
 * thumbnail in common: each tells which photo it was made of.
 */
export async function makeContents(folder: string, random: Random, count: number): Promise<Content[]> {
  fs.mkdirSync(folder, { recursive: true });
  const photos = new Map<number, Buffer>();
  while (photos.size < count) {
    const photo = await mosaic(random, 100_000 + random.below(1_900_000));
    photos.set(photo.length, photo);
  }
  if (realPhotos !== undefined) {
    const camera = path.join(realPhotos, 'camera');
    for (const name of fs.readdirSync(camera)) {
      const photo = fs.readFileSync(path.join(camera, name));
      photos.set(photo.length, photo);
    }
  }
  const contents: Content[] = [];
  for (const photo of photos.values()) {
    const src = path.join(folder, `${contents.length}.jpg`);
    fs.writeFileSync(src, photo);
    const { outputs } = await thumbnail({ src });
    contents.push({ photo, thumbnails: outputs.map((output) => fs.readFileSync(output.path)) });
  }
  // One that is smaller than two of the boxes has the same thumbnail twice.
  const own = contents.map(({ thumbnails }) => [
    ...new Set(thumbnails.map((each) => each.toString('latin1'))),
  ]);
  assert.equal(new Set(own.flat()).size, own.flat().length);
  for (const each of own.flat()) {
    await sharp(Buffer.from(each, 'latin1'), { failOn: 'warning' }).raw().toBuffer();
  }
  return contents;
}

/** Tiles of random colours: sharp makes it quickly, and it doesn't get small. */
async function mosaic(random: Random, pixels: number): Promise<Buffer> {
  const tile = 16;
  const width = Math.round(Math.sqrt(pixels * (0.5 + random.fraction())));
  const [across, down] = [Math.ceil(width / tile), Math.ceil(pixels / width / tile)];
  const tiles = random.bytes(across * down * 3);
  return sharp(tiles, { raw: { width: across, height: down, channels: 3 } })
    .resize({ width: across * tile, height: down * tile, kernel: 'nearest' })
    .jpeg({ quality: 85 })
    .toBuffer();
}

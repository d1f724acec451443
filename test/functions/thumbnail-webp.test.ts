import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import * as photos from '../support/photos.ts';
import { picture } from '../support/photos.ts';
import { seen } from '../support/pictures.ts';
import { psnr } from '../support/psnr.ts';
import { failureOf, thumbnail } from '../support/thumbnail.ts';

/** The test picture, black from a row on. */
async function blackFrom(row: number, [width, height]: readonly [number, number]): Promise<Sharp> {
  const samples = await picture(width, height).raw().toBuffer();
  samples.fill(0, row * width * 3);
  return sharp(samples, { raw: { width, height, channels: 3 } });
}

// Black is coded as zeros.
const darkening: Record<string, () => Promise<Buffer>> = {
  'a letterboxed film': async () => (await blackFrom(940, [1920, 1080])).webp().toBuffer(),
  'a page half full': async () => (await blackFrom(700, [1200, 1600])).webp().toBuffer(),
  'night alone': async () => (await blackFrom(0, [1000, 800])).webp().toBuffer(),
  'one with alpha': async () =>
    (await blackFrom(100, [600, 800])).ensureAlpha(0.5).webp({ quality: 40 }).toBuffer(),
};

for (const [what, make] of Object.entries(darkening)) {
  test(`a webp of ${what}, which ends in zeros, is whole`, async (t) => {
    const folder = photos.photoFolder(t);
    const photo = await make();
    assert.ok(photo.subarray(-70).every((byte) => byte === 0));
    const src = photos.put(folder, 'a.webp', photo);
    const { outputs } = await thumbnail({ src, sizes: [256, 16], quality: 95 });
    const expected = await sharp(photo)
      .flatten({ background: 'white' })
      .resize(outputs[0]?.width)
      .png()
      .toBuffer();
    const close = psnr(await seen(outputs[0]?.path as string), await seen(expected));
    assert.ok(close > 28, `${close.toFixed(1)} dB`);
    await thumbnail({ src, sizes: [8], format: 'webp' });
  });
}

test('a letterboxed webp that isn’t written up to its end is cut short all the same', async (t) => {
  const folder = photos.photoFolder(t);
  const photo = await (darkening['a letterboxed film'] as () => Promise<Buffer>)();
  for (const part of [0.3, 0.6, 0.9]) {
    const unwritten = Buffer.from(photo).fill(0, Math.floor(photo.length * part));
    const { code, message } = await failureOf({ src: photos.put(folder, 'a.webp', unwritten), sizes: [8] });
    assert.equal(code, 'TRUNCATED', message);
    assert.match(message, /it ends in zeros where its picture should go on/);
  }
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { photoFolder, realPhotos, skippedWithoutPhotos } from '../support/photos.ts';
import { psnr, samplesOf } from '../support/psnr.ts';
import { failureOf, thumbnail } from '../support/thumbnail.ts';
import { within } from '../support/wait.ts';

/** What the reference program made of a photo; beside POOL_PHOTOS, with the thumbnails of some of the boxes. */
interface Expected {
  readonly error?: string;
  readonly width: number;
  readonly height: number;
  readonly mode: 'L' | 'RGB' | 'CMYK';
  readonly exif_sha1: string | null;
  readonly icc_sha1: string | null;
  readonly boxes: Record<string, [width: number, height: number, bytes: number]>;
}

const photos = realPhotos ?? '';
const reference = path.join(photos, '..', 'reference');
const channels = { L: 1, RGB: 3, CMYK: 4 };

// Asked of the camera photos. The others have a test chart among them (320x240.jpg), whose fine lines differ
// by the way they are decoded: 29.7 dB at 32 pixels, where the reference decodes to a quarter first.
const leastDecibels: Record<string, number> = { 1024: 35, 256: 34, 32: 30 };
const leastOfSmallPictures = 29;

describe('real photos become what the reference program makes of them', {
  skip: skippedWithoutPhotos,
}, () => {
  for (const [name, expected] of Object.entries(realPhotos === undefined ? {} : readExpected())) {
    if (expected.error !== undefined) {
      test(`${name}, on which the reference fails, is decoded`, async (t) => {
        const { outputs } = await thumbnail({ src: path.join(photos, name), dest: photoFolder(t) });
        for (const output of outputs) await samplesOf(fs.readFileSync(output.path));
      });
      continue;
    }
    test(name, async (t) => {
      const result = await thumbnail({ src: path.join(photos, name), dest: photoFolder(t) });
      assert.deepEqual([result.width, result.height], [expected.width, expected.height]);
      assert.equal(result.outputs.length, Object.keys(expected.boxes).length);
      for (const output of result.outputs) {
        const box = path.basename(path.dirname(output.path)).split('x')[0] as string;
        const written = fs.readFileSync(output.path);
        const samples = await samplesOf(written);
        const { exif, icc } = await sharp(written).metadata();
        assert.deepEqual(
          {
            size: [output.width, output.height],
            decoded: [samples.width, samples.height, samples.channels],
            bytes: output.bytes,
            exif: digest(exif),
            icc: digest(icc),
          },
          {
            size: expected.boxes[box]?.slice(0, 2),
            decoded: [...(expected.boxes[box] ?? []).slice(0, 2), channels[expected.mode]],
            bytes: written.length,
            exif: expected.exif_sha1,
            icc: expected.icc_sha1,
          },
          `box ${box}`,
        );
        const least = name.startsWith('camera/') ? leastDecibels[box] : leastOfSmallPictures;
        if (leastDecibels[box] === undefined || least === undefined) continue;
        const made = await samplesOf(fs.readFileSync(path.join(reference, box, `${name}.jpg`)));
        const close = psnr(samples, made);
        assert.ok(close >= least, `box ${box}: ${close.toFixed(1)} dB, at least ${least} wanted`);
      }
    });
  }
});

describe('files made to break decoders', { skip: skippedWithoutPhotos }, () => {
  const folder = path.join(photos, 'corrupt');
  for (const name of realPhotos === undefined ? [] : fs.readdirSync(folder)) {
    test(`${name} becomes thumbnails or a clear error`, async (t) => {
      const dest = photoFolder(t);
      const src = path.join(folder, name);
      const result = await within(
        'an outcome',
        thumbnail({ src, dest }).catch(() => undefined),
      );
      const written = fs.readdirSync(dest, { recursive: true, withFileTypes: true });
      const files = written.filter((entry) => entry.isFile()).map((entry) => entry.name);
      if (result === undefined) {
        const { message } = await failureOf({ src, dest });
        assert.match(message, /^(it|its|the) .+/);
        assert.deepEqual(files, []);
      } else {
        assert.deepEqual(files, Array(6).fill(name));
        for (const output of result.outputs) await samplesOf(fs.readFileSync(output.path));
      }
    });
  }
});

function readExpected(): Record<string, Expected> {
  return JSON.parse(fs.readFileSync(path.join(reference, 'expected.json'), 'utf8'));
}

function digest(bytes: Buffer | undefined): string | null {
  return bytes === undefined ? null : createHash('sha1').update(bytes).digest('hex');
}

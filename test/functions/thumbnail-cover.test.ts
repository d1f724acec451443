import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import * as photos from '../support/photos.ts';
import { cmykTiff, seen } from '../support/pictures.ts';
import { psnr } from '../support/psnr.ts';
import { thumbnail } from '../support/thumbnail.ts';

const cases = [
  { photo: [900, 600], box: 256, becomes: [256, 256] },
  { photo: [600, 900], box: 256, becomes: [256, 256] },
  { photo: [900, 600], box: [300, 100], becomes: [300, 100] },
  { photo: [900, 600], box: [100, 300], becomes: [100, 300] },
  { photo: [333, 500], box: [100, 32], becomes: [100, 32] },
  { photo: [683, 1024], box: 512, becomes: [512, 512] },
  { photo: [7, 3], box: 2, becomes: [2, 2] },
  // The same as its box, or as one side of it.
  { photo: [640, 480], box: [640, 480], becomes: [640, 480] },
  { photo: [640, 480], box: [640, 100], becomes: [640, 100] },
  // Too small on one side or both: not scaled, and cropped where it is larger.
  { photo: [100, 80], box: [90, 200], becomes: [90, 80] },
  { photo: [100, 80], box: [200, 40], becomes: [100, 40] },
  { photo: [100, 80], box: 200, becomes: [100, 80] },
  { photo: [1000, 3], box: 256, becomes: [256, 3] },
  { photo: [1, 5000], box: 32, becomes: [1, 32] },
] as const;

describe('fit: cover', () => {
  for (const { photo, box, becomes } of cases) {
    const [from, within, to] = [photo, [box].flat(), becomes].map((pixels) => pixels.join(' x '));
    test(`${from} pixels in a box of ${within} become the ${to} in the middle`, async (t) => {
      const [width, height] = [box].flat().length === 1 ? [box, box] : (box as readonly [number, number]);
      const original = await photos
        .picture(...photo)
        .png()
        .toBuffer();
      const src = photos.put(photos.photoFolder(t), 'a.png', original);
      const { outputs } = await thumbnail({ src, sizes: [box], fit: 'cover', format: 'png' });
      assert.deepEqual([outputs[0]?.width, outputs[0]?.height], becomes);
      const sharps = await sharp(original)
        .resize(Number(width), Number(height), { fit: 'cover', withoutEnlargement: true, kernel: 'cubic' })
        .png()
        .toBuffer();
      const close = psnr(await seen(outputs[0]?.path as string), await seen(sharps));
      assert.ok(close > 30, `${close.toFixed(1)} dB`);
    });
  }

  test('several boxes are each filled, from a JPEG that is decoded once', async (t) => {
    const photo = await photos.rgbPhoto(1800, 1200);
    const src = photos.put(photos.photoFolder(t), 'a.jpg', photo);
    const sizes = [600, [600, 200], [200, 600], 128, [128, 32], 32];
    const { outputs, width, height } = await thumbnail({ src, sizes, fit: 'cover', quality: 95 });
    assert.deepEqual([width, height], [1800, 1200]);
    for (const [index, output] of outputs.entries()) {
      const [boxWidth, boxHeight] = [sizes[index] ?? 0].flat();
      const direct = await sharp(photo)
        .resize(boxWidth, boxHeight ?? boxWidth, { fit: 'cover', kernel: 'cubic' })
        .jpeg({ quality: 95 })
        .toBuffer();
      const close = psnr(await seen(output.path), await seen(direct));
      assert.ok(close > 27, `${output.width} x ${output.height}: ${close.toFixed(1)} dB`);
      assert.equal(output.bytes, fs.statSync(output.path).size);
    }
  });

  test('CMYK is cropped as well', async (t) => {
    const src = photos.put(photos.photoFolder(t), 'a.tif', await cmykTiff());
    const { outputs } = await thumbnail({ src, sizes: [200, 50], fit: 'cover' });
    for (const output of outputs) {
      const { space, width, height } = await sharp(output.path).metadata();
      assert.deepEqual([space, width, height], ['cmyk', output.width, output.width]);
    }
  });
});

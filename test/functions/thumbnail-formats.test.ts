import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import * as photos from '../support/photos.ts';
import { kinds, seen } from '../support/pictures.ts';
import { psnr } from '../support/psnr.ts';
import { failureOf, thumbnail } from '../support/thumbnail.ts';

const formats = {
  jpeg: { format: 'jpeg', extension: 'jpg' },
  webp: { format: 'webp', extension: 'webp' },
  avif: { format: 'heif', extension: 'avif' },
  png: { format: 'png', extension: 'png' },
} as const;

const smallPhoto = () => photos.rgbPhoto(300, 200);

describe('formats', () => {
  for (const [format, { format: written, extension }] of Object.entries(formats)) {
    test(`a JPEG becomes ${format}s that show it`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await smallPhoto();
      const src = photos.put(folder, 'a.jpg', photo);
      const { outputs } = await thumbnail({ src, sizes: [1024, 150, 75, 30], format, quality: 95 });
      for (const output of outputs) {
        assert.equal(path.extname(output.path), `.${extension}`);
        const metadata = await sharp(output.path).metadata();
        assert.equal(metadata.format, written);
        assert.equal(output.bytes, fs.statSync(output.path).size);
        const expected = await sharp(photo).resize(output.width, output.height).png().toBuffer();
        const close = psnr(await seen(output.path), await seen(expected));
        assert.ok(close > 26, `${output.width} pixels: ${close.toFixed(1)} dB`);
      }
    });
  }

  for (const format of ['jpeg', 'webp', 'avif']) {
    test(`quality makes a difference to a ${format}`, async (t) => {
      const folder = photos.photoFolder(t);
      const src = photos.put(folder, 'a.jpg', await smallPhoto());
      const bytes = [];
      for (const quality of [90, 20]) {
        bytes.push((await thumbnail({ src, sizes: [150], format, quality })).outputs[0]?.bytes as number);
      }
      assert.ok((bytes[0] as number) > (bytes[1] as number), `${bytes}`);
    });
  }

  test('quality is nothing to a PNG, which is lossless', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'a.png', await photos.picture(300, 200).png().toBuffer());
    const written = [];
    for (const quality of [90, 20]) {
      const dest = path.join(folder, String(quality));
      const { outputs } = await thumbnail({ src, dest, sizes: [300], format: 'png', quality });
      written.push(fs.readFileSync(outputs[0]?.path as string));
    }
    assert.ok(written[0]?.equals(written[1] as Buffer));
    const original = await seen(fs.readFileSync(src));
    assert.equal(psnr(await seen(written[0] as Buffer), original), Number.POSITIVE_INFINITY);
  });

  for (const [format, width] of Object.entries({ webp: 16_384, avif: 16_385 })) {
    test(`a ${format} larger than its format goes is refused, with the way out`, async (t) => {
      const folder = photos.photoFolder(t);
      const src = photos.put(folder, 'wide.jpg', await photos.rgbPhoto(width, 2));
      const { code, message } = await failureOf({ src, sizes: [64, [width, 2]], format });
      assert.equal(code, 'TOO_LARGE');
      assert.match(
        message,
        new RegExp(`${width} x 2 pixels, and \`format\` "${format}" has at most ${width - 1}`),
      );
      assert.match(message, /smaller `sizes` or another `format`/);
      assert.deepEqual(fs.readdirSync(folder), ['wide.jpg']);
      assert.equal((await thumbnail({ src, sizes: [[width - 1, 2]], format })).outputs.length, 1);
    });
  }
});

describe('the extension of a thumbnail', () => {
  const cases = [
    { photo: 'a.jpeg', format: 'jpeg', file: 'a.jpeg' },
    { photo: 'a.JPG', format: 'webp', file: 'a.webp' },
    { photo: 'a.JPG', format: 'png', file: 'a.png' },
    // Named as what it is to be, whatever it is.
    { photo: 'a.WEBP', format: 'webp', file: 'a.WEBP' },
    // A JPEG stays what it is called, as long as it stays one.
    { photo: '2024.12.24', format: 'jpeg', file: '2024.12.24' },
    { photo: 'a.png', format: 'jpeg', file: 'a.png' },
    { photo: '2024.12.24', format: 'avif', file: '2024.12.avif' },
    { photo: 'IMG_0001', format: 'jpeg', file: 'IMG_0001' },
    { photo: 'IMG_0001', format: 'webp', file: 'IMG_0001.webp' },
    { photo: 'a.', format: 'jpeg', file: 'a.' },
  ];
  for (const { photo, format, file } of cases) {
    test(`a JPEG called ${photo} becomes ${file} as ${format}`, async (t) => {
      const folder = photos.photoFolder(t);
      const src = photos.put(folder, photo, await photos.rgbPhoto(64, 64));
      const { outputs } = await thumbnail({ src, sizes: [32], format });
      assert.equal(outputs[0]?.path, path.join(folder, 'thumbnails', '32x32', file));
    });
  }

  for (const [photo, file] of Object.entries({ 'a.PNG': 'a.jpg', 'a.JPG': 'a.JPG', a: 'a.jpg' })) {
    test(`a PNG called ${photo} becomes ${file}`, async (t) => {
      const folder = photos.photoFolder(t);
      const src = photos.put(folder, photo, await kinds.png(photos.picture(64, 64)).toBuffer());
      const { outputs } = await thumbnail({ src, sizes: [32] });
      assert.equal(outputs[0]?.path, path.join(folder, 'thumbnails', '32x32', file));
    });
  }

  test('{from} keeps apart photos that differ in theirs alone', async (t) => {
    const folder = photos.photoFolder(t);
    const dest = '{dir}/{w}/{name}.{from}.{ext}';
    const made = [];
    for (const [name, kind] of Object.entries({ 'a.png': kinds.png, 'a.tif': kinds.tiff, a: kinds.gif })) {
      const src = photos.put(folder, name, await kind(photos.picture(64, 64)).toBuffer());
      const { outputs } = await thumbnail({ src, dest, sizes: [32] });
      made.push(path.relative(folder, outputs[0]?.path as string));
    }
    assert.deepEqual(made, ['32/a.png.jpg', '32/a.tif.jpg', '32/a.jpg']);
  });

  test('the photo itself is not overwritten by a thumbnail in another format', async (t) => {
    const folder = photos.photoFolder(t);
    const photo = await kinds.png(photos.picture(64, 64)).toBuffer();
    const src = photos.put(folder, 'a.jpg', photo);
    const { code } = await failureOf({ src, dest: '{dir}/{name}.{ext}', sizes: [32] });
    assert.equal(code, 'BAD_DEST');
    assert.ok(fs.readFileSync(src).equals(photo));
  });
});

describe('arguments', () => {
  const mistakes = [
    { input: { format: 'bmp' }, names: /format: .*"jpeg".*"bmp"/ },
    { input: { format: 'JPEG' }, names: /format: .*"JPEG"/ },
    { input: { fit: 'contain' }, names: /fit: .*"inside".*"contain"/ },
    { input: { autoOrient: 'yes' }, names: /autoOrient: .*"yes"/ },
    { input: { metadata: 'all' }, names: /metadata: .*"all"/ },
    { input: { quality: 0 }, names: /quality: .*0/ },
    { input: { quality: 'high', format: 'png' }, names: /quality: .*"high"/ },
  ];
  for (const { input, names } of mistakes) {
    test(`${JSON.stringify(input)} is refused with the option and its value`, async () => {
      await assert.rejects(thumbnail({ src: 'a.jpg', ...input }), {
        name: 'InvalidInputError',
        message: names,
      });
    });
  }
});

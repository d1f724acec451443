import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { exifBlockOf, exifFields } from '../support/exif.ts';
import * as photos from '../support/photos.ts';
import { kinds, seen } from '../support/pictures.ts';
import { psnr } from '../support/psnr.ts';
import { thumbnail } from '../support/thumbnail.ts';
import { makeTiff, type TiffField } from '../support/tiff.ts';

const orientations = [1, 2, 3, 4, 5, 6, 7, 8];
const isSideways = (orientation: number) => orientation >= 5;
const sources: Record<string, (from: Sharp) => Sharp> = {
  jpeg: (from) => from.jpeg({ quality: 95 }),
  'grey-jpeg': (from) => from.toColourspace('b-w').jpeg({ quality: 95 }),
  'cmyk-jpeg': (from) => from.toColourspace('cmyk').jpeg({ quality: 95 }),
  ...kinds,
};

const tilted = (kind: string, orientation: number) =>
  (sources[kind] as (from: Sharp) => Sharp)(photos.picture(300, 200))
    .withMetadata({ orientation })
    .toBuffer();

/** What a viewer shows, that minds the orientation. */
const shown = (file: string | Buffer) => sharp(file).autoOrient().png().toBuffer();

describe('autoOrient', () => {
  for (const kind of ['jpeg', 'grey-jpeg', 'cmyk-jpeg', 'png', 'webp', 'tiff']) {
    for (const orientation of orientations) {
      test(`a ${kind} of orientation ${orientation} is turned upright, once`, async (t) => {
        const photo = await tilted(kind, orientation);
        const src = photos.put(photos.photoFolder(t), `a.${kind}`, photo);
        const upright = isSideways(orientation) ? [200, 300] : [300, 200];
        const fitted = isSideways(orientation) ? [80, 120] : [120, 80];
        for (const metadata of ['keep', 'strip']) {
          const result = await thumbnail({ src, sizes: [120], autoOrient: true, metadata, quality: 95 });
          assert.deepEqual([result.width, result.height], upright);
          const [output] = result.outputs;
          const written = output?.path as string;
          assert.deepEqual([output?.width, output?.height], fitted);
          const { width, height, orientation: kept, exif } = await sharp(written).metadata();
          assert.deepEqual([width, height, kept ?? 1], [...fitted, 1]);
          if (metadata === 'strip') assert.equal(exif, undefined);
          const expected = await sharp(await shown(photo))
            .resize(fitted[0])
            .png()
            .toBuffer();
          const close = psnr(await seen(await shown(written)), await seen(expected));
          assert.ok(close > 28, `${close.toFixed(1)} dB`);
        }
      });
    }
  }

  // In any byte order and of any length.
  const oneInHex = /^(00)*01(00)*$/;
  // It is to be a short. Decoders read these as well.
  const types = { byte: 1, long: 4, 'signed short': 8, 'signed long': 9 };
  const bytesOf: Record<number, number> = { 1: 1, 4: 4, 8: 2, 9: 4 };
  const jpegWith = async (order: 'II' | 'MM', type: number) => {
    const number = (value: number, bytes: number) => {
      const written = Buffer.alloc(bytes);
      if (order === 'II') written.writeUIntLE(value, 0, bytes);
      else written.writeUIntBE(value, 0, bytes);
      return written;
    };
    const value = Buffer.concat([number(6, bytesOf[type] as number), Buffer.alloc(3)]).subarray(0, 4);
    const entry = [number(0x0112, 2), number(type, 2), number(1, 4), value];
    const header = [Buffer.from('Exif\0\0'), Buffer.from(order), number(42, 2), number(8, 4)];
    const block = Buffer.concat([...header, number(1, 2), ...entry, number(0, 4)]);
    return photos.withHeader(await photos.rgbPhoto(300, 200), photos.segment(0xe1, block));
  };
  for (const [name, type] of Object.entries(types)) {
    for (const order of ['II', 'MM'] as const) {
      test(`a JPEG (${order}) whose orientation is a ${name} is turned, and strip keeps it`, async (t) => {
        const src = photos.put(photos.photoFolder(t), 'a.jpg', await jpegWith(order, type));
        const turned = await thumbnail({ src, sizes: [120], autoOrient: true });
        assert.deepEqual([turned.width, turned.height], [200, 300]);
        assert.equal((await sharp(turned.outputs[0]?.path).metadata()).orientation ?? 1, 1);
        const block = await exifBlockOf(turned.outputs[0]?.path as string);
        assert.match(exifFields(block as Buffer)['first 274'] ?? '', oneInHex);
        const stripped = await thumbnail({ src, sizes: [120], metadata: 'strip' });
        assert.equal((await sharp(stripped.outputs[0]?.path).metadata()).orientation, 6);
      });
    }
  }

  for (const type of ['byte', 'long'] as const) {
    test(`a TIFF whose orientation is a ${type} is turned once`, async (t) => {
      const samples = await photos.picture(300, 200).raw().toBuffer();
      const fields: TiffField[] = [
        [271, 'text', Buffer.from('Warm\0')],
        [274, type, [6]],
      ];
      const photo = makeTiff({ width: 300, height: 200, samples, photometric: 2, channels: 3, fields });
      const src = photos.put(photos.photoFolder(t), 'a.tif', photo);
      for (const format of ['jpeg', 'webp']) {
        const { outputs, width, height } = await thumbnail({ src, sizes: [120], autoOrient: true, format });
        assert.deepEqual([width, height], [200, 300]);
        const block = (await exifBlockOf(outputs[0]?.path as string)) as Buffer;
        assert.match(exifFields(block)['first 274'] ?? '', oneInHex);
        assert.equal(exifFields(block)['first 271'], 'Warm');
      }
    });
  }

  test('a photo without EXIF is left as it is', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'a.jpg', await photos.rgbPhoto(300, 200));
    const { outputs } = await thumbnail({ src, sizes: [120], autoOrient: true });
    assert.deepEqual([outputs[0]?.width, outputs[0]?.height], [120, 80]);
    assert.equal((await sharp(outputs[0]?.path).metadata()).exif, undefined);
  });

  test('a box is filled by the upright picture', async (t) => {
    const photo = await tilted('jpeg', 6);
    const src = photos.put(photos.photoFolder(t), 'a.jpg', photo);
    const options = { sizes: [[100, 40]], autoOrient: true, fit: 'cover', quality: 95 };
    const { outputs } = await thumbnail({ src, ...options });
    assert.deepEqual([outputs[0]?.width, outputs[0]?.height], [100, 40]);
    const expected = await sharp(await shown(photo))
      .resize(100, 40, { fit: 'cover' })
      .png()
      .toBuffer();
    const close = psnr(await seen(outputs[0]?.path as string), await seen(expected));
    assert.ok(close > 28, `${close.toFixed(1)} dB`);
  });

  test('the rest of EXIF stays byte for byte, but the preview that isn’t turned is let go of', async (t) => {
    // Two directories: orientation 6 and a maker note in the first, the preview's in the second.
    const entry = (tag: string, type: string, count: string, value: string) =>
      `${tag}${type}${count}${value}`;
    const first = `0002${entry('0112', '0003', '00000001', '00060000')}${entry('927c', '0007', '00000004', 'cafecafe')}`;
    const second = `0001${entry('0103', '0003', '00000001', '00060000')}00000000`;
    const nextAt = 8 + first.length / 2;
    const block = Buffer.from(`4d4d002a00000008${first}000000${(nextAt + 4).toString(16)}${second}`, 'hex');
    const segment = photos.segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), block]));
    const src = photos.put(
      photos.photoFolder(t),
      'a.jpg',
      photos.withHeader(await photos.rgbPhoto(300, 200), segment),
    );
    const turned = Buffer.from(block);
    turned.writeUInt16BE(1, 8 + 2 + 8);
    turned.writeUInt32BE(0, nextAt);
    for (const format of ['jpeg', 'png', 'webp', 'avif']) {
      const { outputs } = await thumbnail({ src, sizes: [64], autoOrient: true, format });
      assert.deepEqual(await exifBlockOf(outputs[0]?.path as string), turned, format);
    }
  });
});

describe('without autoOrient', () => {
  for (const format of ['jpeg', 'png', 'webp', 'avif']) {
    for (const metadata of ['keep', 'strip']) {
      test(`a ${format} carries the orientation instead (${metadata})`, async (t) => {
        const folder = photos.photoFolder(t);
        for (const orientation of orientations) {
          const photo = await tilted('jpeg', orientation);
          const src = photos.put(folder, `${orientation}.jpg`, photo);
          const { outputs, width } = await thumbnail({ src, sizes: [120], format, metadata, quality: 95 });
          assert.deepEqual([width, outputs[0]?.width, outputs[0]?.height], [300, 120, 80]);
          const written = outputs[0]?.path as string;
          const expected = await sharp(await shown(photo))
            .resize(isSideways(orientation) ? 80 : 120)
            .png()
            .toBuffer();
          const close = psnr(await seen(await shown(written)), await seen(expected));
          assert.ok(close > 28, `orientation ${orientation}: ${close.toFixed(1)} dB`);
        }
      });
    }
  }
});

describe('an AVIF, which is decoded upright', () => {
  for (const autoOrient of [false, true]) {
    for (const format of ['jpeg', 'avif']) {
      test(`is not turned again in a ${format}, autoOrient ${autoOrient}`, async (t) => {
        const folder = photos.photoFolder(t);
        for (const orientation of orientations) {
          const photo = await tilted('avif', orientation);
          const src = photos.put(folder, `${orientation}.avif`, photo);
          const { outputs, ...size } = await thumbnail({
            src,
            sizes: [120],
            format,
            autoOrient,
            quality: 95,
          });
          const upright = isSideways(orientation) ? [200, 300] : [300, 200];
          assert.deepEqual([size.width, size.height], upright);
          const written = outputs[0]?.path as string;
          const { exif, orientation: kept } = await sharp(written).metadata();
          assert.equal(kept ?? 1, 1, `orientation ${orientation}`);
          assert.ok(exif !== undefined);
          const expected = await sharp(photo)
            .resize(isSideways(orientation) ? 80 : 120)
            .png()
            .toBuffer();
          const close = psnr(await seen(await shown(written)), await seen(expected));
          assert.ok(close > 28, `orientation ${orientation}: ${close.toFixed(1)} dB`);
        }
      });
    }
  }
});

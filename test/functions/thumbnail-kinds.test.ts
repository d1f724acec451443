import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import * as photos from '../support/photos.ts';
import { picture } from '../support/photos.ts';
import * as pictures from '../support/pictures.ts';
import { seen } from '../support/pictures.ts';
import { psnr } from '../support/psnr.ts';
import { thumbnail } from '../support/thumbnail.ts';
import { makeTiff } from '../support/tiff.ts';

const [width, height] = [300, 200];
const small = () => picture(width, height);

const sources: Record<string, { make: () => Promise<Buffer> | Buffer; least?: number }> = {
  'photo.png': { make: () => small().png().toBuffer() },
  'interlaced.png': { make: () => small().png({ progressive: true }).toBuffer() },
  'palette.png': { make: () => small().png({ palette: true }).toBuffer(), least: 28 },
  '16-bit.png': { make: () => small().toColourspace('rgb16').png().toBuffer() },
  'lossy.webp': { make: () => small().webp({ quality: 95 }).toBuffer() },
  'lossless.webp': { make: () => small().webp({ lossless: true }).toBuffer() },
  'animated.webp': { make: async () => (await pictures.animated()).webp({ lossless: true }).toBuffer() },
  'plain.tiff': { make: () => small().tiff({ compression: 'none' }).toBuffer() },
  'lzw.TIF': { make: () => small().tiff({ compression: 'lzw', predictor: 'horizontal' }).toBuffer() },
  'jpeg.tiff': { make: () => small().tiff({ compression: 'jpeg', quality: 95 }).toBuffer() },
  'tiles.tiff': {
    make: () => small().tiff({ tile: true, pyramid: true, compression: 'deflate' }).toBuffer(),
  },
  '16-bit.tiff': { make: () => small().toColourspace('rgb16').tiff({ compression: 'deflate' }).toBuffer() },
  'photo.gif': { make: () => small().gif().toBuffer(), least: 28 },
  'animated.gif': { make: async () => (await pictures.animated()).gif().toBuffer(), least: 24 },
  'photo.avif': { make: () => pictures.kinds.avif(small()).toBuffer() },
  '10-bit.avif': { make: () => small().avif({ quality: 95, effort: 0, bitdepth: 10 }).toBuffer() },
};

describe('a photo of another kind than JPEG', () => {
  for (const [name, { make, least = 30 }] of Object.entries(sources)) {
    test(`${name} becomes JPEGs that show it`, async (t) => {
      const folder = photos.photoFolder(t);
      const src = photos.put(folder, name, await make());
      const result = await thumbnail({ src, sizes: [1024, 150, 30], quality: 95 });
      assert.deepEqual([result.width, result.height], [width, height]);
      const stem = path.parse(name).name;
      for (const [index, output] of result.outputs.entries()) {
        const box = [1024, 150, 30][index];
        assert.equal(output.path, path.join(folder, 'thumbnails', `${box}x${box}`, `${stem}.jpg`));
        const { format, space, depth } = await sharp(output.path).metadata();
        assert.deepEqual([format, space, depth], ['jpeg', 'srgb', 'uchar']);
        const expected = await seen(await small().resize(output.width, output.height).png().toBuffer());
        const close = psnr(await seen(output.path), expected);
        assert.ok(close > least, `${output.width} pixels: ${close.toFixed(1)} dB`);
      }
    });
  }

  test('one whose name says otherwise is told by its content', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'photo.jpg', await small().png().toBuffer());
    const { outputs } = await thumbnail({ src, sizes: [64] });
    assert.equal(outputs[0]?.path, path.join(folder, 'thumbnails', '64x64', 'photo.jpg'));
    assert.equal((await sharp(outputs[0]?.path).metadata()).format, 'jpeg');
  });
});

describe('colours', () => {
  const greys: Record<string, (from: Sharp) => Sharp> = {
    'grey.png': (from) => from.toColourspace('b-w').png(),
    'grey-16.png': (from) => from.toColourspace('grey16').png(),
    'grey.tiff': (from) => from.toColourspace('b-w').tiff({ compression: 'lzw' }),
  };
  for (const [name, make] of Object.entries(greys)) {
    test(`${name} stays grey where the format has that`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await make(small()).toBuffer();
      const src = photos.put(folder, name, photo);
      const wanted = { jpeg: 'b-w', png: 'b-w', webp: 'srgb', avif: 'srgb' };
      for (const [format, space] of Object.entries(wanted)) {
        const { outputs } = await thumbnail({ src, sizes: [150], format, quality: 95 });
        const [file, metadata] = [outputs[0]?.path as string, await sharp(outputs[0]?.path).metadata()];
        assert.equal(metadata.space, space, format);
        const expected = await sharp(photo).toColourspace('b-w').resize(150).png().toBuffer();
        const close = psnr(await seen(file), await seen(expected));
        assert.ok(close > 30, `${format}: ${close.toFixed(1)} dB`);
      }
    });
  }

  test('black and white of one bit becomes grey', async (t) => {
    const folder = photos.photoFolder(t);
    const fax = await small()
      .toColourspace('b-w')
      .threshold(128)
      .tiff({ bitdepth: 1, compression: 'ccittfax4' })
      .toBuffer();
    const { outputs } = await thumbnail({
      src: photos.put(folder, 'fax.tif', fax),
      sizes: [150],
      quality: 95,
    });
    const { space, channels } = await sharp(outputs[0]?.path).metadata();
    assert.deepEqual([space, channels], ['b-w', 1]);
    const expected = await sharp(fax).toColourspace('b-w').resize(150).png().toBuffer();
    const close = psnr(await seen(outputs[0]?.path as string), await seen(expected));
    assert.ok(close > 25, `${close.toFixed(1)} dB`);
  });

  for (const bits of [8, 16]) {
    test(`a CMYK TIFF of ${bits} bits stays CMYK in a JPEG, and is RGB elsewhere`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await pictures.cmykTiff({ bits });
      const src = photos.put(folder, 'print.tif', photo);
      const spaces = { jpeg: 'cmyk', png: 'srgb', webp: 'srgb' };
      for (const [format, space] of Object.entries(spaces)) {
        const { outputs } = await thumbnail({ src, sizes: [150], format, quality: 95 });
        const file = outputs[0]?.path as string;
        assert.equal((await sharp(file).metadata()).space, space);
        // Both are shown by the profile that libvips has for CMYK without one.
        const expected = await sharp(await pictures.cmykTiff())
          .resize(150)
          .png()
          .toBuffer();
        const close = psnr(await seen(file), await seen(expected));
        assert.ok(close > 30, `${format}: ${close.toFixed(1)} dB`);
      }
    });
  }
});

describe('alpha', () => {
  const kinds: Record<string, (from: Sharp) => Sharp> = {
    png: (from) => from.png(),
    'png-16': (from) => from.toColourspace('rgb16').png(),
    webp: (from) => from.webp({ lossless: true }),
    tiff: (from) => from.tiff({ compression: 'lzw' }),
    avif: (from) => from.avif({ quality: 95, effort: 0 }),
  };
  for (const [kind, make] of Object.entries(kinds)) {
    test(`of a ${kind} is kept by PNG, WebP and AVIF, and lies on white in a JPEG`, async (t) => {
      const folder = photos.photoFolder(t);
      const src = photos.put(folder, `a.${kind}`, await make(await pictures.translucent()).toBuffer());
      const plain = await (await pictures.translucent()).png().toBuffer();
      for (const format of ['png', 'webp', 'avif', 'jpeg']) {
        const { outputs } = await thumbnail({ src, sizes: [150, 75], format, quality: 95 });
        for (const output of outputs) {
          const expected = sharp(plain).resize(output.width);
          if (format === 'jpeg') expected.flatten({ background: 'white' });
          const { data, ...shape } = await seen(output.path);
          assert.equal(shape.channels, format === 'jpeg' ? 3 : 4, format);
          const close = psnr(await onBlack(output.path), await onBlack(await expected.png().toBuffer()));
          assert.ok(close > 28, `${format} ${output.width}: ${close.toFixed(1)} dB`);
        }
      }
    });
  }

  test('with grey stays so in a PNG', async (t) => {
    const folder = photos.photoFolder(t);
    const grey = await (await pictures.translucent()).toColourspace('b-w').png().toBuffer();
    const src = photos.put(folder, 'a.png', grey);
    const { outputs } = await thumbnail({ src, sizes: [150, 75, 40, 20], format: 'png' });
    for (const output of outputs) {
      const { space, channels } = await sharp(output.path).metadata();
      assert.deepEqual([space, channels], ['b-w', 2]);
      const expected = await sharp(grey).toColourspace('b-w').resize(output.width).png().toBuffer();
      const close = psnr(await onBlack(output.path), await onBlack(expected));
      assert.ok(close > 30, `${output.width}: ${close.toFixed(1)} dB`);
    }
    const onWhite = (await thumbnail({ src, sizes: [150] })).outputs[0]?.path;
    assert.deepEqual((await sharp(onWhite).metadata()).channels, 1);
  });

  test('with CMYK lies on white in RGB', async (t) => {
    const samples = Buffer.alloc(width * height * 5, Buffer.from([0, 255, 255, 0, 0]));
    const tiff = makeTiff({ width, height, samples, photometric: 5, channels: 5 });
    const { outputs } = await thumbnail({
      src: photos.put(photos.photoFolder(t), 'a.tif', tiff),
      sizes: [64],
    });
    const { data, channels } = await seen(outputs[0]?.path as string);
    assert.equal(channels, 3);
    assert.deepEqual([...data.subarray(0, 3)], [255, 255, 255]);
  });

  test('a transparent colour of a palette is one, too', async (t) => {
    const folder = photos.photoFolder(t);
    const gif = await (await pictures.translucent()).gif().toBuffer();
    const { outputs } = await thumbnail({ src: photos.put(folder, 'a.gif', gif), sizes: [150] });
    const { data } = await seen(outputs[0]?.path as string);
    assert.ok(
      data.subarray(0, 3).every((sample) => sample > 245),
      `${[...data.subarray(0, 3)]} is not white`,
    );
    const png = await thumbnail({ src: path.join(folder, 'a.gif'), sizes: [150], format: 'png' });
    assert.equal((await seen(png.outputs[0]?.path as string)).data[3], 0);
    assert.ok(fs.existsSync(path.join(folder, 'thumbnails/150x150/a.png')));
  });
});

/** Where there is next to nothing to be seen it makes no difference what colour that is. */
async function onBlack(file: Buffer | string) {
  return await seen(await sharp(file).flatten({ background: 'black' }).png().toBuffer());
}

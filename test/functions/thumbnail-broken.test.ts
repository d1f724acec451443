import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import * as photos from '../support/photos.ts';
import { picture } from '../support/photos.ts';
import { animated, kinds, seen } from '../support/pictures.ts';
import { failureOf, thumbnail } from '../support/thumbnail.ts';
import { makeTiff, type TiffOptions } from '../support/tiff.ts';
import { within } from '../support/wait.ts';

const [width, height] = [300, 200];
const small = () => picture(width, height);

async function tiffWith(options: Partial<TiffOptions> = {}): Promise<Buffer> {
  const samples = await small().raw().toBuffer();
  return makeTiff({ width, height, samples, photometric: 2, channels: 3, ...options });
}

const sources: Record<string, () => Promise<Buffer>> = {
  png: () => small().png().toBuffer(),
  'interlaced png': () => small().png({ progressive: true }).toBuffer(),
  'palette png': () => small().png({ palette: true }).toBuffer(),
  webp: () => small().webp().toBuffer(),
  'lossless webp': () => small().webp({ lossless: true }).toBuffer(),
  'animated webp': async () => (await animated()).webp().toBuffer(),
  tiff: () => kinds.tiff(small()).toBuffer(),
  'tiff with its directory in front': () => tiffWith(),
  'jpeg tiff': () => small().tiff({ compression: 'jpeg' }).toBuffer(),
  gif: () => kinds.gif(small()).toBuffer(),
  avif: () => kinds.avif(small()).toBuffer(),
};

describe('a photo that is cut short', () => {
  for (const [kind, make] of Object.entries(sources)) {
    test(`a ${kind} says so wherever it is cut, and leaves nothing`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await make();
      // The trailer of a GIF isn't missed: behind it nothing belongs to the picture.
      const least = kind === 'gif' ? 2 : 1;
      const cuts = [0.1, 0.5, 0.9, 0.99].map((part) => Math.floor(photo.length * part));
      for (const length of [20, 60, ...cuts, photo.length - 20, photo.length - 9, photo.length - least]) {
        const src = photos.put(folder, 'photo', photo.subarray(0, length));
        const { code, message } = await failureOf({ src, sizes: [64] });
        assert.equal(code, 'TRUNCATED', `cut at ${length} of ${photo.length}: ${message}`);
        assert.match(message, /^the file is cut short, it ends .*; copy it again/);
      }
      assert.deepEqual(fs.readdirSync(folder), ['photo']);
    });
  }

  for (const kind of ['png', 'webp', 'lossless webp', 'gif', 'avif', 'tiff']) {
    test(`a ${kind} that got its size before its contents is no half picture`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await (sources[kind] as () => Promise<Buffer>)();
      for (const part of [0.3, 0.6, 0.9]) {
        const unwritten = Buffer.from(photo).fill(0, Math.floor(photo.length * part));
        const { code, message } = await failureOf({
          src: photos.put(folder, 'photo', unwritten),
          sizes: [64],
        });
        assert.match(code, /^(TRUNCATED|DAMAGED)$/, `${part}: ${message}`);
      }
      assert.deepEqual(fs.readdirSync(folder), ['photo']);
    });
  }

  test('a PNG that lacks only its end is not taken for a whole one', async (t) => {
    const photo = await small().png().toBuffer();
    const src = photos.put(photos.photoFolder(t), 'a.png', photo.subarray(0, -12));
    assert.equal((await failureOf({ src })).code, 'TRUNCATED');
  });

  test('bytes behind its end don’t matter', async (t) => {
    const folder = photos.photoFolder(t);
    const trailers = {
      zeros: Buffer.alloc(1000),
      'a text': Buffer.from('copied from somewhere by a program with pride'),
    };
    for (const [kind, make] of Object.entries(kinds)) {
      const photo = await make(small()).toBuffer();
      const whole = await thumbnail({ src: photos.put(folder, `whole-${kind}`, photo), sizes: [64] });
      for (const [what, trailer] of Object.entries(trailers)) {
        const src = photos.put(folder, kind, Buffer.concat([photo, trailer]));
        const { outputs } = await thumbnail({ src, sizes: [64] });
        assert.deepEqual(
          await seen(outputs[0]?.path as string),
          await seen(whole.outputs[0]?.path as string),
          `${kind} with ${what}`,
        );
      }
    }
  });
});

test('fields of a TIFF that are not quite right don’t matter', async (t) => {
  const odd = await tiffWith({
    fields: [
      [306, 'text', Buffer.from('a date without its end')],
      [282, 'short', [72]],
      [37724, 'any', Buffer.from('unknown')],
      [65000, 'any', Buffer.from('private')],
    ],
  });
  const { outputs } = await thumbnail({ src: photos.put(photos.photoFolder(t), 'a.tif', odd), sizes: [64] });
  assert.equal(outputs.length, 1);
});

test('a text in a PNG with a wrong checksum doesn’t matter', async (t) => {
  const png = await small().png().toBuffer();
  const text = Buffer.from('\0\0\0\x09tEXtTitle\0abcXXXX', 'latin1');
  const odd = Buffer.concat([png.subarray(0, 33), text, png.subarray(33)]);
  const { outputs } = await thumbnail({ src: photos.put(photos.photoFolder(t), 'a.png', odd), sizes: [64] });
  assert.equal(outputs.length, 1);
});

describe('a photo that is damaged', () => {
  for (const kind of ['png', 'interlaced png', 'palette png', 'tiff', 'avif']) {
    test(`a ${kind} with wrong bytes in its middle says so`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await (sources[kind] as () => Promise<Buffer>)();
      photo.fill(0xff, photo.length >> 1, (photo.length >> 1) + 200);
      const { code, message } = await failureOf({ src: photos.put(folder, 'photo', photo), sizes: [64] });
      assert.equal(code, 'DAMAGED');
      assert.match(message, /^its picture can't be decoded.*; copy it again from where it came$/);
      assert.deepEqual(fs.readdirSync(folder), ['photo']);
    });
  }

  test('a GIF with zeros in its picture says so', async (t) => {
    const photo = await kinds.gif(small()).toBuffer();
    const middle = photo.length >> 1;
    photo.fill(0, middle, middle + (photo.length >> 3));
    const { code } = await failureOf({ src: photos.put(photos.photoFolder(t), 'a.gif', photo) });
    assert.match(code, /^(TRUNCATED|DAMAGED)$/);
  });

  test('whatever is wrong with it, the worker lives on and the outcome is clear', async (t) => {
    const folder = photos.photoFolder(t);
    // Numbers that look random and are the same each time.
    let state = 1;
    const next = (below: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    for (const [kind, make] of Object.entries(sources)) {
      const photo = await make();
      for (let turn = 0; turn < 20; turn++) {
        const broken = Buffer.from(photo);
        // Mostly where the structure is: at the start, for TIFFs at the end.
        for (let count = 0; count < 8; count++) {
          const at = next(3) === 0 ? broken.length - 1 - next(Math.min(300, broken.length)) : next(400);
          broken[Math.min(at, broken.length - 1)] = next(256);
        }
        const src = photos.put(folder, 'photo', broken);
        const made = within(`an outcome for a broken ${kind}`, thumbnail({ src, sizes: [64] }));
        const outcome = await made.catch(() => undefined);
        if (outcome === undefined) {
          const { message } = await failureOf({ src, sizes: [64] });
          assert.match(message, /^(it|its|the) .+/);
        } else {
          await seen(outcome.outputs[0]?.path as string);
        }
      }
    }
  });
});

describe('a photo with more pixels than it may have', () => {
  const oversized: Record<string, () => Promise<Buffer>> = {
    png: async () => {
      const photo = await small().png().toBuffer();
      photo.writeUInt32BE(60_000, 16);
      photo.writeUInt32BE(60_000, 20);
      photo.writeUInt32BE(crc32(photo.subarray(12, 29)), 29);
      return photo;
    },
    webp: async () => {
      // Its pictures may be smaller than what they are put on.
      const photo = await (await animated()).webp().toBuffer();
      photo.writeUIntLE(16_382, 24, 3);
      photo.writeUIntLE(16_382, 27, 3);
      return photo;
    },
    tiff: async () => {
      const photo = await tiffWith();
      photo.writeUInt32LE(60_000, 10 + 8);
      photo.writeUInt32LE(60_000, 22 + 8);
      return photo;
    },
    gif: async () => {
      const photo = await kinds.gif(small()).toBuffer();
      const at = photo.indexOf(Buffer.from([0x2c, 0, 0, 0, 0]));
      for (const size of [6, 8, at + 5, at + 7]) photo.writeUInt16LE(60_000, size);
      return photo;
    },
    avif: async () => {
      const photo = await kinds.avif(small()).toBuffer();
      const at = photo.indexOf('ispe');
      photo.writeUInt32BE(60_000, at + 8);
      photo.writeUInt32BE(60_000, at + 12);
      return photo;
    },
  };
  for (const [kind, make] of Object.entries(oversized)) {
    test(`a ${kind} is refused without being decoded`, async (t) => {
      const src = photos.put(photos.photoFolder(t), `a.${kind}`, await make());
      const { code, message } = await failureOf({ src });
      assert.equal(code, 'TOO_LARGE');
      assert.match(
        message,
        /the picture has (\d+) x \1 pixels, more than the 178956970 supported; make it smaller/,
      );
    });
  }
});

describe('what no thumbnails are made of', () => {
  const avif = async (brand: string) => {
    const photo = await kinds.avif(small()).toBuffer();
    for (let at = 8; at < photo.readUInt32BE(0); at += 4) {
      if (at !== 12) photo.write(brand, at, 'latin1');
    }
    return photo;
  };
  const others: Record<string, { make: () => Buffer | Promise<Buffer>; says: RegExp; skip?: boolean }> = {
    'an SVG': {
      make: () => Buffer.from('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'),
      says: /it is an SVG, .* not accepted; convert it to PNG first/,
    },
    'a PDF': { make: () => Buffer.from('%PDF-1.7\n'), says: /it is a PDF; .*PNG.*; convert it/ },
    'a BMP': { make: () => Buffer.from('BM\x46\0\0\0\0\0\0\0\x36\0\0\0', 'latin1'), says: /it is a BMP/ },
    'a text': { make: () => Buffer.from('BMW and Audi'), says: /begins with the bytes 424d5720/ },
    'a file of one byte': { make: () => Buffer.from('\xff', 'latin1'), says: /begins with the bytes ff\)/ },
    'a JPEG XL': { make: () => Buffer.from('\xff\x0a\0\0', 'latin1'), says: /it is a JPEG XL/ },
    'a video': {
      make: () => Buffer.from('\0\0\0\x18ftypisom\0\0\0\0isomiso2', 'latin1'),
      says: /it is a video/,
    },
    'a raw photo (CR2)': {
      make: () => Buffer.from('II*\0\x10\0\0\0CR\x02\0', 'latin1'),
      says: /it is a raw photo \(CR2\)/,
    },
    'a raw photo that is a TIFF': {
      make: () => tiffWith({ fields: [[254, 'long', [1]]] }),
      says: /raw photo, or a preview of one/,
    },
    'a HEIC': {
      make: () => avif('heic'),
      says: /it is a HEIC, which the installed sharp can’t decode; convert it to JPEG first/,
      // One that uses the libvips of the system may be able to.
      skip: sharp.format.heif.input.fileSuffix?.includes('.heic') ?? false,
    },
    'a TIFF in a rare compression': {
      make: () => tiffWith({ compression: 34_712 }),
      says: /its picture is coded in a way that sharp can't decode here \(.*34712.*\); convert it/,
    },
    'a TIFF of whole numbers of 32 bits': {
      make: async () => tiffWith({ bits: 32, samples: Buffer.alloc(width * height * 12, 7) }),
      says: /its colours \(\w+, uint\) are of a kind/,
    },
  };
  for (const [what, { make, says, skip = false }] of Object.entries(others)) {
    test(`${what} is refused by its name, with the way out`, { skip }, async (t) => {
      const { code, message } = await failureOf({
        src: photos.put(photos.photoFolder(t), 'photo', await make()),
      });
      assert.equal(code, 'UNSUPPORTED', message);
      assert.match(message, says);
    });
  }

  for (const name of ['a.png', 'a.webp', 'a.tif', 'a.gif', 'a.avif', 'a.heic']) {
    test(`an empty ${name} is EMPTY`, async (t) => {
      const src = photos.put(photos.photoFolder(t), name, Buffer.alloc(0));
      assert.equal((await failureOf({ src })).code, 'EMPTY');
    });
  }

  test('a profile for which a JPEG has no room is left out', async (t) => {
    const profile = Buffer.alloc(20_000_000, 'RGB ');
    const picture = (await small().webp().toBuffer()).subarray(12);
    const chunk = (type: string, data: Buffer) => {
      const head = Buffer.alloc(8);
      head.write(type, 'latin1');
      head.writeUInt32LE(data.length, 4);
      return Buffer.concat([head, data]);
    };
    const size = Buffer.from('20000000000000000000', 'hex');
    size.writeUIntLE(width - 1, 4, 3);
    size.writeUIntLE(height - 1, 7, 3);
    const parts = [Buffer.from('WEBP'), chunk('VP8X', size), chunk('ICCP', profile), picture];
    const src = photos.put(photos.photoFolder(t), 'a.webp', chunk('RIFF', Buffer.concat(parts)));
    assert.equal((await sharp(src).metadata()).icc?.length, profile.length);
    const { outputs } = await thumbnail({ src, sizes: [64] });
    assert.equal((await sharp(outputs[0]?.path).metadata()).icc, undefined);
  });
});

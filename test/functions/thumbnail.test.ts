import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import * as photos from '../support/photos.ts';
import { psnr, samplesOf } from '../support/psnr.ts';
import { failureOf, thumbnail } from '../support/thumbnail.ts';

test('a photo becomes six thumbnails in folders beside it', async (t) => {
  const folder = photos.photoFolder(t);
  const src = photos.put(folder, 'Holiday.JPG', await photos.rgbPhoto(1600, 1200));
  const result = await thumbnail({ src: 'Holiday.JPG' }, { cwd: folder });
  const widths = [1024, 512, 256, 128, 64, 32];
  assert.deepEqual(result, {
    src,
    width: 1600,
    height: 1200,
    outputs: widths.map((width) => {
      const output = path.join(folder, 'thumbnails', `${width}x${width}`, 'Holiday.JPG');
      return { path: output, width, height: (width * 3) / 4, bytes: fs.statSync(output).size };
    }),
  });
});

test('thumbnails are JPEGs of quality 65 with optimised tables and halved chroma', async (t) => {
  const folder = photos.photoFolder(t);
  const photo = await photos.rgbPhoto();
  const { outputs } = await thumbnail({ src: photos.put(folder, 'a.jpg', photo) });
  const written = fs.readFileSync(outputs[1]?.path as string);
  const asWritten = { quality: 65, mozjpeg: false, chromaSubsampling: '4:2:0' };
  const expected = await sharp(photo)
    .resize(512)
    .jpeg({ ...asWritten, optimiseCoding: true })
    .toBuffer();
  const tables = (jpeg: Buffer, marker: number) =>
    photos
      .segmentsOf(jpeg)
      .filter((segment) => segment.marker === marker)
      .map(({ bytes }) => bytes.toString('hex'));
  assert.deepEqual(tables(written, 0xdb), tables(expected, 0xdb));
  assert.equal((await sharp(written).metadata()).chromaSubsampling, '4:2:0');
  const unoptimised = await sharp(written)
    .jpeg({ ...asWritten, optimiseCoding: false })
    .toBuffer();
  assert.notDeepEqual(tables(written, 0xc4), tables(unoptimised, 0xc4));
});

test('each size shows the whole picture, sharp and unchanged in colour', async (t) => {
  const folder = photos.photoFolder(t);
  const photo = await photos.rgbPhoto(1600, 1200);
  const { outputs } = await thumbnail({ src: photos.put(folder, 'a.jpg', photo), quality: 95 });
  for (const { path: file, width, height } of outputs) {
    const direct = await sharp(photo).resize(width, height).jpeg({ quality: 95 }).toBuffer();
    const close = psnr(await samplesOf(fs.readFileSync(file)), await samplesOf(direct));
    assert.ok(close > 30, `${width} pixels: ${close.toFixed(1)} dB`);
  }
});

test('a photo smaller than the boxes is never enlarged', async (t) => {
  const folder = photos.photoFolder(t);
  const { outputs } = await thumbnail({ src: photos.put(folder, 'a.jpg', await photos.rgbPhoto(100, 80)) });
  assert.deepEqual(
    outputs.map(({ width, height }) => [width, height]),
    [
      [100, 80],
      [100, 80],
      [100, 80],
      [100, 80],
      [64, 51],
      [32, 26],
    ],
  );
});

describe('colours', () => {
  const kinds = [
    { kind: 'grey', make: photos.greyPhoto, channels: 1, space: 'b-w' },
    { kind: 'RGB', make: photos.rgbPhoto, channels: 3, space: 'srgb' },
    { kind: 'progressive', make: photos.progressivePhoto, channels: 3, space: 'srgb' },
    { kind: 'CMYK', make: photos.cmykPhoto, channels: 4, space: 'cmyk' },
  ];
  for (const { kind, make, channels, space } of kinds) {
    test(`${kind} stays as it is`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await make();
      const { outputs } = await thumbnail({ src: photos.put(folder, 'a.jpg', photo), sizes: [900, 300, 90] });
      for (const { path: file, width } of outputs) {
        const written = fs.readFileSync(file);
        const { channels: kept, space: keptSpace } = await sharp(written).metadata();
        assert.deepEqual([kept, keptSpace], [channels, space]);
        const expected = await samplesOf(await shrunk(photo, width));
        const close = psnr(await samplesOf(written), expected);
        assert.ok(close > 30, `${width} pixels: ${close.toFixed(1)} dB`);
      }
    });
  }

  test('a picture stored as RGB, which Adobe’s marker tells, is not read as YCbCr', async (t) => {
    const folder = photos.photoFolder(t);
    const adobe = photos.segment(0xee, 'Adobe\0\x64\0\0\0\0\0');
    const photo = photos.withHeader(await photos.rgbPhoto(), adobe);
    const { outputs } = await thumbnail({
      src: photos.put(folder, 'a.jpg', photo),
      sizes: [900],
      quality: 95,
    });
    const close = psnr(await samplesOf(fs.readFileSync(outputs[0]?.path as string)), await samplesOf(photo));
    assert.ok(close > 30, `${close.toFixed(1)} dB`);
  });

  test('CMYK means the same to readers that mind the Adobe marker and to those that don’t', async (t) => {
    const folder = photos.photoFolder(t);
    const marked = await photos.cmykPhoto();
    const unmarked = photos.withoutSegments(marked, 0xee);
    const isMarked = (jpeg: Buffer) => photos.segmentsOf(jpeg).some(({ marker }) => marker === 0xee);
    assert.ok(isMarked(marked) && !isMarked(unmarked));
    const written = [];
    for (const [name, photo] of Object.entries({ 'marked.jpg': marked, 'unmarked.jpg': unmarked })) {
      const { outputs } = await thumbnail({ src: photos.put(folder, name, photo), sizes: [300] });
      written.push(fs.readFileSync(outputs[0]?.path as string));
    }
    assert.deepEqual(written.map(isMarked), [true, false]);
    const [withMark, withoutMark] = written as [Buffer, Buffer];
    assert.ok(photos.withoutSegments(withMark, 0xee).equals(withoutMark));
  });
});

describe('metadata', () => {
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`orientation ${orientation} is kept in the tag and the picture is not turned`, async (t) => {
      const folder = photos.photoFolder(t);
      const photo = await photos.orientedPhoto(orientation);
      const src = photos.put(folder, 'a.jpg', photo);
      for (const metadata of ['keep', 'strip']) {
        const { outputs } = await thumbnail({ src, sizes: [300], metadata });
        const written = fs.readFileSync(outputs[0]?.path as string);
        const { orientation: kept, exif } = await sharp(written).metadata();
        // Without other metadata, a picture that isn't turned needs no tag to say so.
        assert.equal(kept ?? 1, orientation);
        assert.equal(exif === undefined, metadata === 'strip' && orientation === 1);
        const close = psnr(await samplesOf(written), await samplesOf(await shrunk(photo, 300)));
        assert.ok(close > 30, `${close.toFixed(1)} dB`);
      }
    });
  }

  test('EXIF and ICC profile are kept byte for byte, and nothing else', async (t) => {
    const folder = photos.photoFolder(t);
    const exif = photos.segment(0xe1, `Exif\0\0MM\0*${'\0'.repeat(60_000)}maker note`);
    const moreExif = photos.segment(0xe1, `Exif\0\0${'more than fits into one segment'.repeat(2000)}`);
    const xmp = photos.segment(0xe1, 'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>');
    const plain = await photos.profiledPhoto();
    const profile = photos.segmentsOf(plain).filter(({ marker }) => marker === 0xe2);
    assert.equal(profile.length, 1);
    const photo = photos.withHeader(plain, xmp, exif, moreExif, photos.segment(0xed, 'Photoshop 3.0\0'));
    const { outputs } = await thumbnail({ src: photos.put(folder, 'a.jpg', photo) });
    for (const { path: file } of outputs) {
      const written = photos.segmentsOf(fs.readFileSync(file));
      const kept = written.filter(({ marker }) => marker >= 0xe0 && marker <= 0xef).map(({ bytes }) => bytes);
      assert.deepEqual(kept, [exif, moreExif, profile[0]?.bytes]);
    }
  });

  test('a profile is kept, not applied', async (t) => {
    const folder = photos.photoFolder(t);
    const photo = await photos.profiledPhoto();
    const { outputs } = await thumbnail({
      src: photos.put(folder, 'a.jpg', photo),
      sizes: [900],
      quality: 95,
    });
    const close = psnr(await samplesOf(fs.readFileSync(outputs[0]?.path as string)), await samplesOf(photo));
    assert.ok(close > 38, `${close.toFixed(1)} dB`);
  });

  test('a profile in many chunks is kept whole, whatever their order', async (t) => {
    const folder = photos.photoFolder(t);
    const profile = Buffer.alloc(150_000, 'profile ');
    const chunk = (number: number, count: number) =>
      photos.segment(
        0xe2,
        Buffer.concat([
          Buffer.from('ICC_PROFILE\0'),
          Buffer.from([number, count]),
          profile.subarray((number - 1) * 50_000, number * 50_000),
        ]),
      );
    const plain = await photos.rgbPhoto();
    const shuffled = photos.withHeader(plain, chunk(3, 3), chunk(1, 3), chunk(2, 3));
    const { outputs } = await thumbnail({ src: photos.put(folder, 'a.jpg', shuffled), sizes: [64] });
    const written = fs.readFileSync(outputs[0]?.path as string);
    assert.ok((await sharp(written).metadata()).icc?.equals(profile));
    const inOrder = [chunk(1, 3), chunk(2, 3), chunk(3, 3)];
    assert.ok(written.subarray(2).indexOf(Buffer.concat(inOrder)) === 0);

    const lacking = photos.withHeader(plain, chunk(1, 3), chunk(3, 3));
    const without = await thumbnail({ src: photos.put(folder, 'b.jpg', lacking), sizes: [64] });
    assert.equal((await sharp(without.outputs[0]?.path).metadata()).icc, undefined);
  });

  test('metadata: strip leaves out EXIF but keeps the profile', async (t) => {
    const folder = photos.photoFolder(t);
    const photo = photos.withHeader(
      await photos.profiledPhoto(),
      photos.segment(0xe1, 'Exif\0\0where I live'),
    );
    const { outputs } = await thumbnail({
      src: photos.put(folder, 'a.jpg', photo),
      sizes: [64],
      metadata: 'strip',
    });
    const { exif, icc } = await sharp(outputs[0]?.path).metadata();
    assert.equal(exif, undefined);
    assert.ok(icc?.equals((await sharp(photo).metadata()).icc as Buffer));
  });
});

describe('where thumbnails go', () => {
  const destinations = [
    { dest: 'small', file: 'small/64x48/photo.jpg' },
    { dest: '{dir}/{name}-{w}.{ext}', file: 'album/photo-64.jpg' },
    { dest: 'out/{h}/{w}/{name}-thumb.jpeg', file: 'out/48/64/photo-thumb.jpeg' },
  ];
  for (const { dest, file } of destinations) {
    test(`dest ${JSON.stringify(dest)} is ${file}`, async (t) => {
      const cwd = photos.photoFolder(t);
      fs.mkdirSync(path.join(cwd, 'album'));
      photos.put(path.join(cwd, 'album'), 'photo.jpg', await photos.rgbPhoto());
      const { outputs } = await thumbnail({ src: 'album/photo.jpg', dest, sizes: [[64, 48]] }, { cwd });
      assert.deepEqual(
        outputs.map((output) => path.relative(cwd, output.path)),
        [path.normalize(file)],
      );
      assert.ok(fs.existsSync(path.join(cwd, file)));
    });
  }

  test('a photo without an extension gets thumbnails without one', async (t) => {
    const cwd = photos.photoFolder(t);
    photos.put(cwd, 'IMG_0001', await photos.rgbPhoto());
    const { outputs } = await thumbnail({ src: 'IMG_0001', sizes: [64] }, { cwd });
    assert.equal(outputs[0]?.path, path.join(cwd, 'thumbnails', '64x64', 'IMG_0001'));
  });

  test('a placeholder that doesn’t exist is named', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'a.jpg', await photos.rgbPhoto());
    const { code, message } = await failureOf({ src, dest: '{folder}/{name}' });
    assert.equal(code, 'BAD_DEST');
    assert.match(message, /\{folder\}.*\{dir\} \{name\} \{ext\} \{w\} \{h\}/);
  });

  test('two sizes in one file are refused before anything is written', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'a.jpg', await photos.rgbPhoto());
    const { code, message } = await failureOf({ src, dest: '{dir}/t/{name}.{ext}' });
    assert.equal(code, 'BAD_DEST');
    assert.match(message, /use \{w\} and \{h\}/);
    assert.deepEqual(fs.readdirSync(folder), ['a.jpg']);
  });

  test('the photo itself is never overwritten, not even through a link', async (t) => {
    const folder = photos.photoFolder(t);
    const photo = await photos.rgbPhoto();
    const src = photos.put(folder, 'a.jpg', photo);
    fs.symlinkSync(folder, path.join(folder, 'link'));
    for (const dest of ['{dir}/{name}.{ext}', '{dir}/link/{name}.{ext}']) {
      const { code, message } = await failureOf({ src, dest, sizes: [64] });
      assert.equal(code, 'BAD_DEST');
      assert.match(message, /overwrite the photo itself/);
    }
    assert.ok(fs.readFileSync(src).equals(photo));
  });
});

describe('arguments', () => {
  const mistakes = [
    { input: { src: 'a.jpg', fit: 'fill' }, names: /fit/ },
    { input: { src: 'a.jpg', size: 64 }, names: /size/ },
    { input: { src: 'a.jpg', sizes: [] }, names: /sizes/ },
    { input: { src: 'a.jpg', sizes: [0] }, names: /sizes/ },
    { input: { src: 'a.jpg', sizes: [[64]] }, names: /sizes/ },
    { input: { src: 'a.jpg', quality: 101 }, names: /quality/ },
    { input: { sizes: [64] }, names: /src/ },
  ];
  for (const { input, names } of mistakes) {
    test(`${JSON.stringify(input)} is refused with the name of what is wrong`, async () => {
      await assert.rejects(thumbnail(input), names);
    });
  }

  test('sizes come back in the order asked for, and boxes may be oblong', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'a.jpg', await photos.rgbPhoto(900, 600));
    const { outputs } = await thumbnail({ src, sizes: [32, [600, 100], 300] });
    assert.deepEqual(
      outputs.map(({ path: file, width, height }) => [path.basename(path.dirname(file)), width, height]),
      [
        ['32x32', 32, 21],
        ['600x100', 150, 100],
        ['300x300', 300, 200],
      ],
    );
  });

  test('a lower quality makes smaller files', async (t) => {
    const folder = photos.photoFolder(t);
    const src = photos.put(folder, 'a.jpg', await photos.rgbPhoto());
    const bytes = [];
    for (const quality of [90, 65, 20]) {
      bytes.push((await thumbnail({ src, sizes: [512], quality })).outputs[0]?.bytes as number);
    }
    assert.ok(
      (bytes[0] as number) > (bytes[1] as number) && (bytes[1] as number) > (bytes[2] as number),
      `${bytes}`,
    );
  });
});

/** The photo at a smaller width, made by sharp in one go, its samples left alone as samplesOf leaves them. */
async function shrunk(photo: Buffer, width: number): Promise<Buffer> {
  const { channels } = await sharp(photo).metadata();
  const smaller = sharp(photo, { ignoreIcc: true }).resize(width);
  if (channels === 1) smaller.toColourspace('b-w');
  if (channels === 4) smaller.pipelineColourspace('cmyk').toColourspace('cmyk');
  return await smaller.jpeg({ quality: 95 }).toBuffer();
}

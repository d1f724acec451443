import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp, { type Sharp } from 'sharp';
import { exifBlockOf, exifFields } from '../support/exif.ts';
import * as photos from '../support/photos.ts';
import { cmykTiff, kinds, seen } from '../support/pictures.ts';
import { psnr } from '../support/psnr.ts';
import { thumbnail } from '../support/thumbnail.ts';
import { makeTiff } from '../support/tiff.ts';

const formats = ['jpeg', 'webp', 'avif', 'png'];
const sources: Record<string, (from: Sharp) => Sharp> = { jpeg: (from) => from.jpeg(), ...kinds };

const described = () =>
  photos
    .picture(300, 200)
    .withIccProfile('p3')
    .withExif({
      IFD0: { Make: 'Warm', Copyright: 'me' },
      IFD2: { UserComment: 'hello' },
      IFD3: { GPSMapDatum: 'x' },
    });

/** Makes one thumbnail and returns where it is. */
async function make(
  t: Parameters<typeof photos.photoFolder>[0],
  photo: Buffer,
  options: Record<string, unknown>,
) {
  const src = photos.put(photos.photoFolder(t), 'photo', photo);
  const { outputs } = await thumbnail({ src, sizes: [150], ...options });
  return outputs[0]?.path as string;
}

describe('EXIF and ICC profile', () => {
  for (const [kind, as] of Object.entries(sources)) {
    for (const format of formats) {
      test(`of a ${kind} are kept byte for byte in a ${format}`, async (t) => {
        const photo = await as(described()).toBuffer();
        const { icc, exif } = await sharp(photo).metadata();
        const written = await make(t, photo, { format });
        const kept = await sharp(written).metadata();
        assert.deepEqual(kept.icc, icc);
        assert.deepEqual(await exifBlockOf(written), await exifBlockOf(photo));
        // GIF has neither; what TIFF has of EXIF is tested below.
        assert.equal(icc === undefined, kind === 'gif');
        assert.equal(exif === undefined, kind === 'gif' || kind === 'tiff');
        const close = psnr(
          await seen(written),
          await seen(await sharp(photo, { ignoreIcc: true }).resize(150).png().toBuffer()),
        );
        assert.ok(close > 28, `${close.toFixed(1)} dB`);
        const stripped = await sharp(await make(t, photo, { format, metadata: 'strip' })).metadata();
        assert.deepEqual([stripped.icc, stripped.exif], [icc, undefined]);
      });
    }
  }

  for (const format of formats) {
    test(`of a picture with alpha are kept in a ${format}`, async (t) => {
      const photo = await described().ensureAlpha(0.5).png().toBuffer();
      const written = await make(t, photo, { format });
      assert.deepEqual((await sharp(written).metadata()).icc, (await sharp(photo).metadata()).icc);
      assert.deepEqual(await exifBlockOf(written), await exifBlockOf(photo));
      assert.equal((await sharp(written).metadata()).hasAlpha, format !== 'jpeg');
    });

    test(`a picture without any gets none in a ${format}`, async (t) => {
      const written = await make(t, await photos.picture(300, 200).png().toBuffer(), { format });
      const { exif, icc, xmp } = await sharp(written).metadata();
      assert.deepEqual([exif, icc, xmp], [undefined, undefined, undefined]);
    });
  }

  test('EXIF of a JPEG in several segments is put together again elsewhere', async (t) => {
    const block = Buffer.concat([
      Buffer.from('MM\0*\0\0\0\x08\0\0\0\0\0\0', 'latin1'),
      Buffer.alloc(90_000, 'maker note '),
    ]);
    const parts = [block.subarray(0, 65_000), block.subarray(65_000)];
    const segments = parts.map((part) =>
      photos.segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), part])),
    );
    const photo = photos.withHeader(await photos.rgbPhoto(300, 200), ...segments);
    for (const format of ['webp', 'png', 'avif']) {
      assert.ok((await exifBlockOf(await make(t, photo, { format })))?.equals(block), format);
    }
  });

  test('EXIF that has no room in a JPEG leaves its orientation there', async (t) => {
    const block = Buffer.concat([
      Buffer.from('MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0', 'latin1'),
      Buffer.alloc(70_000, 'maker note '),
    ]);
    const segments = [block.subarray(0, 60_000), block.subarray(60_000)].map((part) =>
      photos.segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), part])),
    );
    const jpeg = photos.withHeader(await photos.rgbPhoto(300, 200), ...segments);
    const png = await sharp(await make(t, jpeg, { format: 'png' })).metadata();
    assert.equal(png.orientation, 6);
    const file = await make(t, jpeg, { format: 'png' });
    const { outputs } = await thumbnail({ src: file, sizes: [64], dest: `${photos.photoFolder(t)}/{w}.jpg` });
    const { exif, orientation } = await sharp(outputs[0]?.path).metadata();
    assert.equal(orientation, 6);
    assert.ok((exif?.length as number) < 100);
  });

  test('a profile of more than one segment is whole in a JPEG', async (t) => {
    const profile = (await sharp(await photos.profiledPhoto()).metadata()).icc as Buffer;
    const long = Buffer.concat([profile, Buffer.alloc(150_000, 'padding ')]);
    long.writeUInt32BE(long.length);
    const jpeg = photos.withHeader(await photos.rgbPhoto(300, 200), ...iccSegments(long));
    const png = await make(t, jpeg, { format: 'png' });
    assert.deepEqual((await sharp(png).metadata()).icc, long);
    const { outputs } = await thumbnail({ src: png, sizes: [64], dest: `${photos.photoFolder(t)}/{w}.jpg` });
    assert.deepEqual((await sharp(outputs[0]?.path).metadata()).icc, long);
  });
});

describe('a TIFF', () => {
  const text = (value: string) => Buffer.from(`${value}\0`, 'latin1');
  const samples = async () =>
    (await photos.picture(300, 200).raw().toBuffer({ resolveWithObject: true })).data;
  const tiff = async () =>
    makeTiff({
      width: 300,
      height: 200,
      samples: await samples(),
      photometric: 2,
      channels: 3,
      fields: [
        [271, 'text', text('Warm Cameras')],
        [274, 'short', [6]],
        [306, 'text', text('2024:12:24 18:00:00')],
        [700, 'byte', Buffer.from('<x:xmpmeta/>')],
      ],
      directories: {
        34665: [
          [36867, 'text', text('2024:12:24 17:59:59')],
          [34855, 'short', [400]],
          [37510, 'any', Buffer.from('ASCII\0\0\0a comment')],
        ],
        34853: [[18, 'text', text('WGS-84')]],
      },
    });
  const expected = {
    'first 271': 'Warm Cameras',
    'first 274': '0600',
    'first 306': '2024:12:24 18:00:00',
    'exif 36867': '2024:12:24 17:59:59',
    'exif 34855': '9001',
    'exif 37510': Buffer.from('ASCII\0\0\0a comment').toString('hex'),
    'gps 18': 'WGS-84',
  };

  for (const format of formats) {
    test(`has the fields of its EXIF in a ${format}`, async (t) => {
      const written = await make(t, await tiff(), { format });
      assert.deepEqual(exifFields((await exifBlockOf(written)) as Buffer), expected);
      const stripped = await make(t, await tiff(), { format, metadata: 'strip' });
      const block = await exifBlockOf(stripped);
      assert.deepEqual(exifFields(block as Buffer), { 'first 274': '0006' });
    });
  }

  test('of which libexif can make sense', async (t) => {
    const written = await make(t, await tiff(), { autoOrient: true });
    const again = await sharp(written).keepExif().jpeg().toBuffer();
    const fields = exifFields((await exifBlockOf(again)) as Buffer);
    const wanted = { ...expected, 'first 274': '0100' };
    assert.deepEqual({ ...fields, ...wanted }, fields);
  });

  test('without EXIF gets none', async (t) => {
    const plain = makeTiff({
      width: 300,
      height: 200,
      samples: await samples(),
      photometric: 2,
      channels: 3,
    });
    assert.equal(await exifBlockOf(await make(t, plain, {})), undefined);
  });
});

describe('a profile for other colours than the thumbnail’s', () => {
  const profileIn = async (space: string) => {
    const profile = Buffer.from((await sharp(await photos.profiledPhoto()).metadata()).icc as Buffer);
    profile.write(space, 16, 'latin1');
    return profile;
  };

  test('goes with CMYK in a JPEG, and is left out where that becomes RGB', async (t) => {
    const photo = await cmykTiff({ profile: await profileIn('CMYK') });
    assert.ok((await sharp(await make(t, photo, {})).metadata()).icc);
    for (const format of ['png', 'webp', 'avif']) {
      const { icc, space } = await sharp(await make(t, photo, { format })).metadata();
      assert.deepEqual([icc, space], [undefined, 'srgb']);
    }
  });

  test('goes with grey where the format has that', async (t) => {
    const grey = photos.withHeader(await photos.greyPhoto(), ...iccSegments(await profileIn('GRAY')));
    const has = { jpeg: true, png: true, webp: false, avif: false };
    for (const [format, kept] of Object.entries(has)) {
      const { icc } = await sharp(await make(t, grey, { format })).metadata();
      assert.equal(icc !== undefined, kept, format);
    }
  });

  test('is left out where it was wrong from the start', async (t) => {
    const photo = photos.withHeader(await photos.rgbPhoto(300, 200), ...iccSegments(await profileIn('GRAY')));
    for (const format of ['png', 'webp', 'avif']) {
      assert.equal((await sharp(await make(t, photo, { format })).metadata()).icc, undefined, format);
    }
  });

  test('for RGB makes RGB of a grey picture as well, if the format has no grey', async (t) => {
    const photo = photos.withHeader(await photos.greyPhoto(), ...iccSegments(await profileIn('RGB ')));
    const written = await make(t, photo, { format: 'webp', quality: 95 });
    assert.ok((await sharp(written).metadata()).icc);
    const expected = await sharp(photo, { ignoreIcc: true }).resize(150).png().toBuffer();
    const close = psnr(await seen(written), await seen(expected));
    assert.ok(close > 30, `${close.toFixed(1)} dB`);
  });

  test('says what the colours are converted from', async (t) => {
    const linear = photos.withHeader(
      await sharp(Buffer.alloc(64 * 64, 128), { raw: { width: 64, height: 64, channels: 1 } })
        .toColourspace('b-w')
        .jpeg({ quality: 100 })
        .toBuffer(),
      ...iccSegments(linearGreyProfile()),
    );
    for (const format of ['webp', 'avif']) {
      const { data } = await seen(await make(t, linear, { format, quality: 100 }));
      // Half the light is 188 in sRGB.
      assert.ok(Math.abs((data[0] as number) - 188) < 3, `${format}: ${data[0]}`);
    }
    // Of 16 bits, too.
    const deep = await sharp(linear).keepIccProfile().toColourspace('grey16').png().toBuffer();
    const { space, icc } = await sharp(deep).metadata();
    assert.deepEqual([space, icc], ['grey16', linearGreyProfile()]);
    const { data: fromDeep } = await seen(await make(t, deep, { format: 'webp', quality: 100 }));
    assert.ok(Math.abs((fromDeep[0] as number) - 188) < 3, `${fromDeep[0]}`);
    assert.equal((await seen(await make(t, linear, { format: 'png' }))).data[0], 128);
  });
});

/** A profile for grey whose samples are proportional to the light. */
function linearGreyProfile(): Buffer {
  const header = Buffer.alloc(128);
  header.writeUInt32BE(0x02100000, 8);
  header.write('mntrGRAYXYZ ', 12, 'latin1');
  header.write('acsp', 36, 'latin1');
  const white = '0000f6d6000100000000d32d';
  header.write(white, 68, 'hex');
  const tag = (name: string, at: number, length: number) => {
    const entry = Buffer.from(`${name}${'\0'.repeat(8)}`, 'latin1');
    entry.writeUInt32BE(at, 4);
    entry.writeUInt32BE(length, 8);
    return entry;
  };
  const tags = Buffer.concat([
    Buffer.from('00000002', 'hex'),
    tag('wtpt', 156, 0x14),
    tag('kTRC', 176, 0x0e),
  ]);
  const values = Buffer.concat([
    Buffer.from(`58595a2000000000${white}`, 'hex'),
    // One number: the exponent, 1.0.
    Buffer.from('6375727600000000000000010100', 'hex'),
  ]);
  const profile = Buffer.concat([header, tags, values]);
  profile.writeUInt32BE(profile.length);
  return profile;
}

function iccSegments(profile: Buffer): Buffer[] {
  const parts = [];
  for (let at = 0; at < profile.length; at += 60_000) parts.push(profile.subarray(at, at + 60_000));
  return parts.map((part, index) =>
    photos.segment(
      0xe2,
      Buffer.concat([Buffer.from('ICC_PROFILE\0'), Buffer.from([index + 1, parts.length]), part]),
    ),
  );
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { exifBlockOf, exifFields } from '../support/exif.ts';
import * as photos from '../support/photos.ts';
import { thumbnail } from '../support/thumbnail.ts';
import { makeTiff, type TiffField } from '../support/tiff.ts';

const [width, height] = [300, 200];

describe('a TIFF whose EXIF fields lie one upon another', () => {
  const exifTag = 34_665;

  /** Each of so many fields of its EXIF covers this much of the file. */
  async function overlapping(count: number, covers: number): Promise<Buffer> {
    const samples = await photos.picture(width, height).raw().toBuffer();
    const fields: TiffField[] = Array.from({ length: count }, (_, index) => [37_500 + index, 'any', [0]]);
    const tiff = makeTiff({
      ...{ width, height, samples, photometric: 2, channels: 3 },
      fields: [[274, 'short', [6]]],
      directories: { [exifTag]: fields },
    });
    const directory = tiff.readUInt32LE(entryOf(tiff, 8, exifTag) + 8);
    for (const [tag] of fields) {
      const entry = entryOf(tiff, directory, tag);
      tiff.writeUInt32LE(Math.floor(tiff.length * covers), entry + 4);
      tiff.writeUInt32LE(8, entry + 8);
    }
    return tiff;
  }

  for (const metadata of ['keep', 'strip']) {
    test(`keeps the orientation alone (${metadata})`, async (t) => {
      const src = photos.put(photos.photoFolder(t), 'a.tif', await overlapping(50, 0.9));
      for (const format of ['webp', 'jpeg']) {
        const { outputs } = await thumbnail({ src, sizes: [64], format, metadata });
        assert.deepEqual(exifFields((await exifBlockOf(outputs[0]?.path as string)) as Buffer), {
          'first 274': '0006',
        });
        assert.ok((outputs[0]?.bytes as number) < 20_000, `${outputs[0]?.bytes} bytes`);
      }
    });
  }

  test('keeps them as long as they could be real', async (t) => {
    const photo = await overlapping(1, 0.5);
    const src = photos.put(photos.photoFolder(t), 'a.tif', photo);
    const { outputs } = await thumbnail({ src, sizes: [64], format: 'webp' });
    const { exif } = await sharp(outputs[0]?.path).metadata();
    assert.ok((exif?.length as number) > photo.length * 0.5);
  });
});

/** Where in a directory the entry of a tag is. */
function entryOf(tiff: Buffer, directory: number, tag: number): number {
  let entry = directory + 2;
  while (tiff.readUInt16LE(entry) !== tag) entry += 12;
  return entry;
}

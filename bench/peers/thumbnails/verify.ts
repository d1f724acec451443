import assert from 'node:assert/strict';
import path from 'node:path';
import sharp from 'sharp';
import { boxes } from './photo-pool.ts';

/** Asserts that a photo has all its thumbnails: the right sizes, and EXIF and ICC profile kept. */
export async function assertThumbnails(photo: string): Promise<void> {
  const source = await sharp(photo).metadata();
  for (const box of boxes) {
    const file = path.join(path.dirname(photo), 'thumbnails', `${box}x${box}`, path.basename(photo));
    const made = await sharp(file).metadata();
    const what = `${path.basename(photo)} in ${box} x ${box}`;
    assert.equal(made.format, 'jpeg', `Expected ${what} to be a JPEG`);
    assertFits(source, made, box, what);
    if (source.exif !== undefined) {
      assert.ok(made.exif, `Expected ${what} to keep its EXIF`);
    }
    if (source.icc !== undefined) {
      assert.deepEqual(made.icc, source.icc, `Expected ${what} to keep its ICC profile`);
    }
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

// To the pixel on the longer side; on the shorter one Pillow and libvips round in different ways.
function assertFits(source: Size, made: Size, box: number, what: string): void {
  const scale = Math.min(1, box / Math.max(source.width, source.height));
  const message = `Expected ${what} to fit, got ${made.width} x ${made.height}`;
  assert.equal(
    Math.max(made.width, made.height),
    Math.min(box, Math.max(source.width, source.height)),
    message,
  );
  assert.ok(Math.abs(made.width - source.width * scale) <= 1, message);
  assert.ok(Math.abs(made.height - source.height * scale) <= 1, message);
}

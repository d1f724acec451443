import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';

/** A temporary folder that is removed when the test ends. */
export function photoFolder(test: { after(callback: () => unknown): void }): string {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'warm-pool-photos-')));
  test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a photo into a folder and returns its path. */
export function put(folder: string, name: string, jpeg: Buffer): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, jpeg);
  return file;
}

/**
 * A picture that looks different in each corner, to be finished by sharp: colours that change smoothly, with
 * rings for the details. So a turned, inverted or shifted copy is far from it.
 */
export function picture(width = 900, height = 600): Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height];
      const ring = 40 * Math.sin(60 * Math.hypot(u - 0.3, v - 0.6));
      const at = (y * width + x) * 3;
      data[at] = clamp(220 * u + ring);
      data[at + 1] = clamp(200 * v + 30 + ring);
      data[at + 2] = clamp(180 * (1 - u * v) + ring);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** A picture that nothing can make small. */
export function noise(width: number, height: number): Sharp {
  return sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } });
}

const clamp = (value: number) => Math.max(0, Math.min(255, Math.round(value)));

export const rgbPhoto = (width?: number, height?: number) => picture(width, height).jpeg().toBuffer();

export const greyPhoto = () => picture().toColourspace('b-w').jpeg().toBuffer();

export const progressivePhoto = () => picture().jpeg({ progressive: true }).toBuffer();

/** CMYK as Adobe writes it: samples inverted, with the marker that says so. */
export const cmykPhoto = () => picture().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();

export const orientedPhoto = (orientation: number) =>
  picture().jpeg().withMetadata({ orientation }).toBuffer();

/** With a Display P3 profile: the same samples mean other colours than in sRGB. */
export const profiledPhoto = () => picture().withIccProfile('p3').jpeg().toBuffer();

/** A marker segment with its length. */
export function segment(marker: number, payload: Buffer | string): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** Puts bytes behind the start-of-image marker. */
export function withHeader(jpeg: Buffer, ...parts: Buffer[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...parts, jpeg.subarray(2)]);
}

/** The segments before the first scan. */
export function segmentsOf(jpeg: Buffer): { marker: number; bytes: Buffer }[] {
  const found = [];
  for (let at = 2; jpeg[at + 1] !== 0xda; ) {
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    found.push({ marker: jpeg[at + 1] as number, bytes: jpeg.subarray(at, end) });
    at = end;
  }
  return found;
}

/** Removes all segments of a kind. */
export function withoutSegments(jpeg: Buffer, marker: number): Buffer {
  const segments = segmentsOf(jpeg);
  const header = segments.reduce((length, { bytes }) => length + bytes.length, 2);
  const kept = segments.filter((each) => each.marker !== marker).map(({ bytes }) => bytes);
  return Buffer.concat([jpeg.subarray(0, 2), ...kept, jpeg.subarray(header)]);
}

/** The real photos of POOL_PHOTOS, a folder of folders with photos, or undefined when it isn't set. */
export const realPhotos = process.env.POOL_PHOTOS;

/** For node:test's `skip`: says plainly what isn't tested without the real photos. */
export const skippedWithoutPhotos =
  realPhotos === undefined && 'POOL_PHOTOS is not set: no real photos to test with';

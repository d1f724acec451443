import sharp from 'sharp';
import { findColours } from './_colours.ts';

export interface Upload {
  /** The file, as it was uploaded. */
  photo: Uint8Array;
  /** How many colours to find; 0 for none. */
  colours: number;
}

export interface Thumbnail {
  jpeg: Uint8Array;
  /** As CSS has them, the most frequent first. */
  colours: string[];
}

/** In pixels. */
const longestSide = 512;

/** @throws NotAPicture */
export async function makeThumbnail({ photo, colours }: Upload): Promise<Thumbnail> {
  const { data, info } = await sharp(photo)
    .autoOrient()
    .resize({ width: longestSide, height: longestSide, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch((error) => Promise.reject(new NotAPicture(error)));
  const { width, height, channels } = info;
  const jpeg = await sharp(data, { raw: { width, height, channels } }).jpeg({ quality: 75 }).toBuffer();
  return { jpeg, colours: findColours(data, colours) };
}

/** Has what Fastify answers with; `statusCode` comes along from a worker, as all own properties of an error do. */
class NotAPicture extends Error {
  readonly statusCode = 415;

  constructor(cause: unknown) {
    super('This file is no picture that can be read: send a JPEG, PNG, WebP, AVIF, GIF or TIFF.', { cause });
  }
}

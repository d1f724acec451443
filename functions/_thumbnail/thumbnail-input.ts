import { z } from 'zod';
import { defaultDest } from './thumbnail-paths.ts';

// The most a JPEG can have on one side.
const pixels = z.int().min(1).max(65_535);

/** The arguments of the thumbnail function. */
export const thumbnailInput = z.strictObject({
  src: z.string().min(1).describe('The JPEG; a relative path begins at the working directory of the caller'),
  dest: z
    .string()
    .min(1)
    .default(defaultDest)
    .describe(
      'A folder, or a template of paths with {dir}, {name}, {ext} of the photo and {w}, {h} of the box',
    ),
  sizes: z
    .array(z.union([pixels, z.tuple([pixels, pixels])]))
    .min(1)
    .default([1024, 512, 256, 128, 64, 32])
    .describe('Boxes to fit the photo inside, in pixels: a number for a square one, or [width, height]'),
  quality: z.int().min(1).max(100).default(65).describe('JPEG quality'),
  metadata: z
    .enum(['keep', 'strip'])
    .default('keep')
    .describe('EXIF and ICC profile; `strip` keeps what shows the picture right: profile and orientation'),
});

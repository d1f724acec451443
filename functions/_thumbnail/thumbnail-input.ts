import { toStandardJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { formats } from './thumbnail-format.ts';
import { defaultDest } from './thumbnail-paths.ts';

// The most a JPEG can have on one side.
const pixels = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

function sayWrongKey({ expected, received }: v.StrictObjectIssue): string {
  if (expected === 'never') return 'there is no such argument';
  return expected === 'Object' ? `expected an object, got ${received}` : 'it is missing';
}

/** The arguments of the thumbnail function. */
export const thumbnailInput = toStandardJsonSchema(
  v.strictObject(
    {
      src: v.pipe(
        v.string(),
        v.minLength(1),
        v.description(
          'The photo: JPEG, PNG, WebP, TIFF, GIF, AVIF or, where sharp can, HEIC; a relative path begins at the working directory of the caller',
        ),
      ),
      dest: v.optional(
        v.pipe(
          v.string(),
          v.minLength(1),
          v.description(
            'A folder, or a template of paths with {dir}, {name} and {from} (its extension) of the photo, {w} and {h} of the box, and {ext} of the thumbnail: the photo’s where that means its format',
          ),
        ),
        defaultDest,
      ),
      sizes: v.optional(
        v.pipe(
          v.array(v.union([pixels, v.strictTuple([pixels, pixels])])),
          v.minLength(1),
          v.description(
            'Boxes to fit the photo to, in pixels: a number for a square one, or [width, height]',
          ),
        ),
        [1024, 512, 256, 128, 64, 32],
      ),
      format: v.optional(
        v.pipe(
          v.picklist(formats),
          v.description('What thumbnails are written as; only PNG is lossless, and AVIF is slow to write'),
        ),
        'jpeg',
      ),
      fit: v.optional(
        v.pipe(
          v.picklist(['inside', 'cover']),
          v.description(
            '`inside` shows the whole photo within the box, `cover` fills the box with the middle of it; neither enlarges',
          ),
        ),
        'inside',
      ),
      quality: v.optional(
        v.pipe(
          v.number(),
          v.integer(),
          v.minValue(1),
          v.maxValue(100),
          v.description('Quality of JPEG, WebP or AVIF, by the scale of each; nothing to PNG'),
        ),
        65,
      ),
      metadata: v.optional(
        v.pipe(
          v.picklist(['keep', 'strip']),
          v.description(
            'EXIF and ICC profile; `strip` keeps what shows the picture right: profile and orientation',
          ),
        ),
        'keep',
      ),
      autoOrient: v.optional(
        v.pipe(
          v.boolean(),
          v.description('Turns the pixels as the orientation in EXIF says, which becomes the normal one'),
        ),
        false,
      ),
    },
    sayWrongKey,
  ),
);

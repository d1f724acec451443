import { toStandardJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
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
        v.description('The JPEG; a relative path begins at the working directory of the caller'),
      ),
      dest: v.optional(
        v.pipe(
          v.string(),
          v.minLength(1),
          v.description(
            'A folder, or a template of paths with {dir}, {name}, {ext} of the photo and {w}, {h} of the box',
          ),
        ),
        defaultDest,
      ),
      sizes: v.optional(
        v.pipe(
          v.array(v.union([pixels, v.strictTuple([pixels, pixels])])),
          v.minLength(1),
          v.description(
            'Boxes to fit the photo inside, in pixels: a number for a square one, or [width, height]',
          ),
        ),
        [1024, 512, 256, 128, 64, 32],
      ),
      quality: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100), v.description('JPEG quality')),
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
    },
    sayWrongKey,
  ),
);

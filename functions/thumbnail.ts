import { defineFunction } from 'warm-pool';
import { makeThumbnails } from './_thumbnail/make-thumbnails.ts';
import { thumbnailInput } from './_thumbnail/thumbnail-input.ts';

export default defineFunction({
  description: 'Makes thumbnails of a photo, six JPEGs unless told otherwise, with its EXIF and ICC profile',
  input: thumbnailInput,
  timeout: '60s',
  handler: (input, { cwd, signal }) => makeThumbnails(input, { cwd, signal }),
});

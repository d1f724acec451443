import type { Completeness, CompletenessCheck, WatchedFile } from '../watched-file.ts';
import { jpeg } from './jpeg.ts';

/** The checks that come with the file trigger, for its `complete` option. */
export const complete = {
  /** Judges a JPEG by its markers: a photo is taken up with its last byte. */
  jpeg,
  /** Judges nothing: a file is taken up when it stayed the same for as long as `settle` says, usually 25 ms. */
  stable: (_file: WatchedFile): Completeness => 'unknown',
} as const;

/** The check of a trigger that was given none: by the file's extension. */
export const completeByExtension: CompletenessCheck = (file) =>
  jpegExtension.test(file.name) ? complete.jpeg(file) : complete.stable(file);

const jpegExtension = /\.(?:jpe?g|jpe|jfif)$/i;

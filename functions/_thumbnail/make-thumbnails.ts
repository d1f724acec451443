import { dirname, resolve } from 'node:path';
import { openJpeg } from './jpeg-photo.ts';
import type { Photo } from './photo.ts';
import { kindOf, type PhotoKind } from './photo-kind.ts';
import { publishFiles } from './publish-files.ts';
import { readPhoto } from './read-photo.ts';
import { type PictureOptions, renderPhoto } from './render-photo.ts';
import { sweepTemporaries } from './temporary-files.ts';
import { ThumbnailError } from './thumbnail-error.ts';
import { extensionIn } from './thumbnail-format.ts';
import { extensionOf, thumbnailPaths } from './thumbnail-paths.ts';
import type { ThumbnailResult } from './thumbnail-result.ts';

export interface ThumbnailRequest extends PictureOptions {
  /** The photo; relative to `cwd`. */
  readonly src: string;
  /** A folder or a template (see thumbnailPaths); relative to `cwd`. */
  readonly dest: string;
  /** The boxes to fit the photo to: square ones of so many pixels, or width and height. */
  readonly sizes: readonly (number | readonly [width: number, height: number])[];
}

export interface Surroundings {
  /** Where relative paths begin. */
  readonly cwd: string;
  /** Stops the work at the next step; nothing is written then. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the thumbnails of one photo. Fails with a `ThumbnailError` that names the photo and the reason; until all
 * of them are rendered and written, none takes its place.
 */
export async function makeThumbnails(
  request: ThumbnailRequest,
  surroundings: Surroundings,
): Promise<ThumbnailResult> {
  try {
    return await readRenderPublish(request, surroundings);
  } catch (error) {
    throw error instanceof ThumbnailError ? error.naming(request.src) : error;
  }
}

async function readRenderPublish(
  request: ThumbnailRequest,
  { cwd, signal }: Surroundings,
): Promise<ThumbnailResult> {
  signal?.throwIfAborted();
  const { format } = request;
  const src = resolve(cwd, request.src);
  const boxes = request.sizes.map((size) => {
    const [width, height] = typeof size === 'number' ? [size, size] : size;
    return { width, height };
  });
  const places = { dest: request.dest, photo: src, boxes, cwd };
  // Before the photo is read, as a mistake in `dest` is to be told whatever the photo is.
  let paths = thumbnailPaths(places);
  sweepAround(paths);

  const { bytes, ...identity } = await readPhoto(src);
  signal?.throwIfAborted();
  const kind = kindOf(bytes);
  if (kind !== format) {
    paths = thumbnailPaths(places, extensionIn(format, extensionOf(src)));
    sweepAround(paths);
  }
  const photo = await openPhoto(bytes, kind);
  signal?.throwIfAborted();
  const { size, pictures } = await renderPhoto(photo, boxes, request, signal);
  signal?.throwIfAborted();
  const thumbnails = pictures.map((picture, index) => ({ ...picture, path: paths[index] as string }));
  publishFiles(thumbnails, identity);

  const outputs = thumbnails.map(({ path, size, content }) => ({ path, ...size, bytes: content.length }));
  return { src, ...size, outputs };
}

async function openPhoto(bytes: Buffer, kind: PhotoKind): Promise<Photo> {
  if (kind === 'jpeg') return openJpeg(bytes);
  // Loaded for the first photo that needs it: a worker that gets JPEGs alone is ready some ms earlier.
  const { openOther } = await import('./other-photo.ts');
  return await openOther(bytes, kind);
}

/** What was left behind by processes that were killed is removed meanwhile. */
function sweepAround(paths: readonly string[]): void {
  void sweepTemporaries(paths.map((path) => dirname(path)));
}

import { dirname, resolve } from 'node:path';
import {
  hasAdobeMarker,
  hideMetadata,
  keptSegments,
  withoutAdobeMarker,
  withSegments,
} from './jpeg-metadata.ts';
import { parseJpegHeader } from './jpeg-segments.ts';
import { publishFiles } from './publish-files.ts';
import { readPhoto } from './read-photo.ts';
import { renderThumbnails } from './render-thumbnails.ts';
import { sweepTemporaries } from './temporary-files.ts';
import { ThumbnailError } from './thumbnail-error.ts';
import { thumbnailPaths } from './thumbnail-paths.ts';
import { fitInside } from './thumbnail-size.ts';

export interface ThumbnailRequest {
  /** The photo; relative to `cwd`. */
  readonly src: string;
  /** A folder or a template (see thumbnailPaths); relative to `cwd`. */
  readonly dest: string;
  /** The boxes to fit the photo inside: square ones of so many pixels, or width and height. */
  readonly sizes: readonly (number | readonly [width: number, height: number])[];
  /** JPEG quality, 1 to 100. */
  readonly quality: number;
  /** Whether all of EXIF is kept, or of it only the orientation. The ICC profile always is. */
  readonly metadata: 'keep' | 'strip';
}

export interface Thumbnail {
  /** Absolute. */
  path: string;
  /** In pixels. */
  width: number;
  height: number;
  /** The size of the file. */
  bytes: number;
}

export interface ThumbnailResult {
  /** The photo's absolute path. */
  src: string;
  /** The photo's size in pixels, as stored: not turned by its orientation. */
  width: number;
  height: number;
  /** One for each of `sizes`, in that order. */
  outputs: Thumbnail[];
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
  const src = resolve(cwd, request.src);
  const boxes = request.sizes.map((size) => {
    const [width, height] = typeof size === 'number' ? [size, size] : size;
    return { width, height };
  });
  const paths = thumbnailPaths(request.dest, src, boxes, cwd);
  void sweepTemporaries(paths.map((path) => dirname(path)));

  const { bytes, ...identity } = await readPhoto(src);
  signal?.throwIfAborted();
  const header = parseJpegHeader(bytes);
  const kept = keptSegments(bytes, header, request.metadata === 'keep');
  // libjpeg marks each CMYK picture it writes as Adobe's, which inverts it for readers that mind the mark.
  const unmark = header.frame.components === 4 && !hasAdobeMarker(bytes, header);
  hideMetadata(bytes, header);

  const sizes = boxes.map((box) => fitInside(header.frame, box));
  const rendered = await renderThumbnails(bytes, header, sizes, { quality: request.quality, signal });
  signal?.throwIfAborted();
  const thumbnails = rendered.map((jpeg, index) => ({
    path: paths[index] as string,
    size: sizes[index] as (typeof sizes)[number],
    content: withSegments(unmark ? withoutAdobeMarker(jpeg) : jpeg, kept),
  }));
  publishFiles(thumbnails, identity);

  const { width, height } = header.frame;
  const outputs = thumbnails.map(({ path, size, content }) => ({ path, ...size, bytes: content.length }));
  return { src, width, height, outputs };
}

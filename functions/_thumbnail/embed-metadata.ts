import { hasAdobeMarker, keptSegments, withoutAdobeMarker, withSegments } from './jpeg-metadata.ts';
import type { JpegPhoto, Photo } from './photo.ts';
import type { Layout } from './pixels.ts';
import type { Format } from './thumbnail-format.ts';
import type { Dimensions } from './thumbnail-size.ts';

export interface EmbedOptions {
  readonly format: Format;
  /** The colours of the thumbnails. */
  readonly layout: Layout;
  /** Whether all of EXIF is kept, or of it only the orientation. */
  readonly everything: boolean;
  /** Whether the thumbnails' pixels have been turned upright. */
  readonly turned: boolean;
}

/** Puts what is kept of a photo's metadata into an encoded picture of it that has none. */
export type Embed = (encoded: Buffer, size: Dimensions) => Buffer;

/** What thumbnails take over from their photo, ready to be put into each. To be asked for before the photo is decoded. */
export async function metadataFor(photo: Photo, options: EmbedOptions): Promise<Embed> {
  if (photo.kind === 'jpeg' && options.format === 'jpeg') return segmentsFor(photo, options);
  // Loaded when it is needed, as are the readers of other kinds of photos.
  const { translatedFor } = await import('./translate-metadata.ts');
  return translatedFor(photo, options);
}

/** From JPEG to JPEG nothing is taken apart: the segments are those of the photo, byte for byte. */
function segmentsFor({ bytes, header }: JpegPhoto, { everything, turned }: EmbedOptions): Embed {
  const kept = keptSegments(bytes, header, { everything, turned });
  // libjpeg marks each CMYK picture it writes as Adobe's, which inverts it for readers that mind the mark.
  const unmark = header.frame.components === 4 && !hasAdobeMarker(bytes, header);
  return (jpeg) => withSegments(unmark ? withoutAdobeMarker(jpeg) : jpeg, kept);
}

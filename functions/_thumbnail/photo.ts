import type { JpegHeader } from './jpeg-segments.ts';
import type { Colours, Pixels } from './pixels.ts';
import type { Dimensions } from './thumbnail-size.ts';

/** A photo whose header has been read. */
export type Photo = JpegPhoto | OtherPhoto;

interface AnyPhoto {
  /** In pixels, as they are decoded. */
  readonly size: Dimensions;
  readonly colours: Colours;
  /** The EXIF orientation (1 to 8) of the decoded pixels. */
  readonly orientation: number;
  /** The EXIF block, from its byte order on. */
  readonly exif: Buffer | undefined;
  readonly profile: Buffer | undefined;
  /** Decodes it to a size; its colours become those asked for, its own or RGB. */
  readonly decode: (size: Dimensions, colours: Colours) => Promise<Pixels>;
}

/**
 * A JPEG, which hands its metadata on as they are to thumbnails that are JPEGs. They are to be asked for before it is
 * decoded, for which they are hidden.
 */
export interface JpegPhoto extends AnyPhoto {
  readonly kind: 'jpeg';
  readonly bytes: Buffer;
  readonly header: JpegHeader;
}

/** A photo of another kind, which sharp reads. */
export interface OtherPhoto extends AnyPhoto {
  readonly kind: 'other';
}

import { metadataFor } from './embed-metadata.ts';
import type { Photo } from './photo.ts';
import { turnUpright } from './pixels.ts';
import { renderThumbnails } from './render-thumbnails.ts';
import { coloursIn, type Format, refuseTooLarge } from './thumbnail-format.ts';
import { type Dimensions, type Fit, type Framing, frame } from './thumbnail-size.ts';

export interface PictureOptions {
  /** What the thumbnails are written as. */
  readonly format: Format;
  /** How a photo is fitted to a box. */
  readonly fit: Fit;
  /** 1 to 100; of no meaning to PNG. */
  readonly quality: number;
  /** Whether all of EXIF is kept, or of it only the orientation. The ICC profile always is. */
  readonly metadata: 'keep' | 'strip';
  /** Whether pixels that aren't stored upright are turned, and the orientation becomes the normal one. */
  readonly autoOrient: boolean;
}

export interface RenderedPhoto {
  /** The photo's own, which the thumbnails are fitted from. */
  readonly size: Dimensions;
  /** One for each box, in their order. */
  readonly pictures: readonly { readonly size: Dimensions; readonly content: Buffer }[];
}

/** Renders a photo to complete files, one for each box. */
export async function renderPhoto(
  photo: Photo,
  boxes: readonly Dimensions[],
  { format, fit, quality, metadata, autoOrient }: PictureOptions,
  signal: AbortSignal | undefined,
): Promise<RenderedPhoto> {
  const orientation = autoOrient ? photo.orientation : 1;
  const turned = orientation !== 1;
  const size = upright(photo.size, orientation);
  const framings = boxes.map((box) => frame(size, box, fit));
  const sizes = framings.map((framing) => framing.size);
  refuseTooLarge(format, sizes);

  const colours = coloursIn(format, photo.colours);
  const everything = metadata === 'keep';
  const embed = await metadataFor(photo, { format, layout: colours.layout, everything, turned });
  const decode = async (scaled: Dimensions) => {
    const pixels = await photo.decode(upright(scaled, orientation), colours);
    return turned ? await turnUpright(pixels, orientation) : pixels;
  };
  const rendered = await renderThumbnails(decode, framings, { format, quality, signal });
  const pictures = rendered.map((encoded, index) => {
    const { size } = framings[index] as Framing;
    return { size, content: embed(encoded, size) };
  });
  return { size, pictures };
}

// From here on an orientation swaps width and height.
const firstSideways = 5;

/** The size of a picture when it is turned, from that when it is not, or the other way round. */
function upright({ width, height }: Dimensions, orientation: number): Dimensions {
  return orientation >= firstSideways ? { width: height, height: width } : { width, height };
}

import { decoderError, tooManyPixels } from './decoder-error.ts';
import { exifOf, hideMetadata, orientationOf, profileOf } from './jpeg-metadata.ts';
import { EOI, type Frame, type JpegHeader, parseJpegHeader, reachesEndOfImage } from './jpeg-segments.ts';
import type { JpegPhoto } from './photo.ts';
import { type Layout, maxPixels, openPicture, type Pixels, resize, toPixels } from './pixels.ts';
import { cutShort, damaged, ThumbnailError } from './thumbnail-error.ts';
import type { Dimensions } from './thumbnail-size.ts';

/** Reads the header of a JPEG. What the thumbnails don't need is not looked for: most need it as it is in the file. */
export function openJpeg(bytes: Buffer): JpegPhoto {
  const header = parseJpegHeader(bytes);
  const layout = layoutOf(header.frame);
  const { width, height } = header.frame;
  return {
    kind: 'jpeg',
    bytes,
    header,
    size: { width, height },
    colours: { layout, alpha: false },
    get orientation() {
      return orientationOf(bytes, header);
    },
    get exif() {
      return exifOf(bytes, header);
    },
    get profile() {
      return profileOf(bytes, header);
    },
    decode: (size, colours) => {
      hideMetadata(bytes, header, { keepProfile: colours.layout !== layout });
      return decodeJpeg(bytes, header, size, colours.layout);
    },
  };
}

/**
 * Decodes a whole photo to `size`; the decoder leaves out what that size doesn't need. A picture that is cut
 * short or damaged is an error; one that lacks nothing but its end-of-image marker is not. Colours become those of
 * `layout`: the stored ones (see layoutOf), or RGB, by the profile the decoder gets to see.
 */
async function decodeJpeg(
  bytes: Buffer,
  { scanStart }: JpegHeader,
  size: Dimensions,
  layout: Layout,
): Promise<Pixels> {
  return reachesEndOfImage(bytes, scanStart)
    ? await decode(bytes, 'truncated', layout, size)
    : await decodeUnended(bytes, layout, size);
}

const layouts: Record<number, Layout> = { 1: 'grey', 3: 'rgb', 4: 'cmyk' };

/** How the colours of a JPEG are stored. One that can't be decoded whatever follows its header is refused. */
function layoutOf({ width, height, components, precision }: Frame): Layout {
  const layout = layouts[components];
  if (layout === undefined) {
    throw new ThumbnailError('UNSUPPORTED', `it has ${components} colour channels; 1, 3 and 4 are supported`);
  }
  if (precision !== 8) {
    throw new ThumbnailError('UNSUPPORTED', `it has ${precision} bits per colour channel; 8 are supported`);
  }
  if (width === 0 || height === 0) {
    throw damaged('its header is damaged, it gives the picture no width or height');
  }
  if (width * height > maxPixels) throw tooManyPixels({ width, height });
  return layout;
}

async function decode(
  data: Buffer,
  failOn: 'truncated' | 'warning',
  layout: Layout,
  size: Dimensions,
): Promise<Pixels> {
  try {
    const photo = openPicture({ layout, data, input: { failOn, limitInputPixels: maxPixels } });
    return await toPixels(resize(photo, size), { layout, alpha: false });
  } catch (error) {
    throw decoderError(error);
  }
}

// How many zeros at the end mean that the file is not written up to there. Scan data has no use for so many.
const unwrittenBytes = 64;

/**
 * Decodes a photo without an end-of-image marker. A decoder that runs out of data goes on as if zeros
 * followed and at most warns, in the last rows too late. So it is decoded twice, with different bytes after
 * its end: where they make a difference the decoder needed them, and the picture is not whole.
 */
async function decodeUnended(bytes: Buffer, layout: Layout, size: Dimensions): Promise<Pixels> {
  // A file that gets its final size before its contents ends in zeros until all is there; zeros are valid
  // scan data.
  if (bytes.subarray(-unwrittenBytes).every((byte) => byte === 0)) {
    throw cutShort('in zeros where its picture should go on');
  }
  const end = Buffer.from([0xff, EOI]);
  const filler = Buffer.alloc(64, 0xa7);
  const attempts = await Promise.allSettled([
    decode(Buffer.concat([bytes, end]), 'warning', layout, size),
    decode(Buffer.concat([bytes, filler, end]), 'truncated', layout, size),
  ]);
  const [pixels, other] = attempts.map((attempt) => {
    if (attempt.status === 'fulfilled') return attempt.value;
    throw cutShort('within the picture');
  }) as [Pixels, Pixels];
  if (!pixels.data.equals(other.data)) throw cutShort('within the picture');
  return pixels;
}

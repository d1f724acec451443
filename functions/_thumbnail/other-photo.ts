import type { Metadata } from 'sharp';
import { refuseCutGif } from './containers/gif-blocks.ts';
import { refuseCutBoxes } from './containers/iso-boxes.ts';
import { refuseCutPng } from './containers/png-chunks.ts';
import { exifOfTiff } from './containers/tiff-exif.ts';
import { refuseCutTiff, refuseRawPhoto } from './containers/tiff-strips.ts';
import { refuseCutWebp, refuseZerosAtEnd, withOtherEnd } from './containers/webp-chunks.ts';
import { decoderError, tooManyPixels } from './decoder-error.ts';
import { readOrientation, uprightExif, withoutExifHeader } from './exif-block.ts';
import type { OtherPhoto } from './photo.ts';
import type { PhotoKind } from './photo-kind.ts';
import {
  type Colours,
  type Layout,
  maxPixels,
  openPicture,
  type Pixels,
  resize,
  sharp,
  toPixels,
} from './pixels.ts';
import { convertFirst, ThumbnailError } from './thumbnail-error.ts';

type OtherKind = Exclude<PhotoKind, 'jpeg'>;

/** Reads the header of a photo that isn't a JPEG. Of several pictures in one file it is the first, or the main one. */
export async function openOther(bytes: Buffer, kind: OtherKind): Promise<OtherPhoto> {
  refuseHeicWithoutDecoder(kind);
  refuseIncomplete(bytes, kind);
  const explained = (error: unknown) => explainFailure(bytes, kind) ?? decoderError(error);
  const failOn = strictness(kind);
  const metadata = await sharp(bytes, { failOn, limitInputPixels: false })
    .metadata()
    .catch((error: unknown) => Promise.reject(explained(error)));
  const { width, height } = metadata;
  if (width * height > maxPixels) throw tooManyPixels({ width, height });
  const stored = coloursOf(metadata);
  return {
    kind: 'other',
    size: { width, height },
    colours: stored,
    orientation: orientationOf(kind, metadata),
    get exif() {
      return exifOf(bytes, kind, metadata);
    },
    profile: directSpaces.has(metadata.space) ? metadata.icc : undefined,
    decode: async (size, colours) => {
      // The profile goes with colours that stay what they are; for others it says what they are converted from.
      const ignoreIcc = colours.layout === stored.layout;
      const input = { failOn, limitInputPixels: maxPixels, ignoreIcc };
      const render = async (data: Buffer) => {
        const picture = openPicture({ layout: colours.layout, data, input });
        // Grey of 16 bits is the one kind of colours that sharp doesn't convert by a profile.
        if (stored.layout === 'grey' && colours.layout === 'rgb') picture.pipelineColourspace('b-w');
        if (!colours.alpha) picture.flatten({ background: 'white' });
        return await toPixels(resize(picture, size), colours);
      };
      const pixels = await render(bytes).catch((error: unknown) => Promise.reject(explained(error)));
      if (kind === 'webp') await refuseUnwrittenWebp(bytes, pixels, render);
      return pixels;
    },
  };
}

/** Refuses a WebP whose picture isn't written up to its end, which its decoder takes for a whole one. */
async function refuseUnwrittenWebp(
  bytes: Buffer,
  pixels: Pixels,
  render: (webp: Buffer) => Promise<Pixels>,
): Promise<void> {
  const changed = withOtherEnd(bytes);
  if (changed === undefined) return;
  // Where the end is needed, other bytes mostly are an error: they code less, and the decoder runs out of them.
  const other = await render(changed).catch(() => undefined);
  if (other?.data.equals(pixels.data)) refuseZerosAtEnd(bytes);
}

/** sharp's own libvips decodes AVIF, and not HEIC, whose coding (HEVC) is patented. One of the system may do so. */
function refuseHeicWithoutDecoder(kind: OtherKind): void {
  if (kind !== 'heic' || sharp.format.heif.input.fileSuffix?.includes('.heic')) return;
  throw new ThumbnailError(
    'UNSUPPORTED',
    'it is a HEIC, which the installed sharp can’t decode; convert it to JPEG first, or let sharp use a libvips with HEVC',
  );
}

/**
 * How much of what libvips complains of is an error. A warning may be of a part of the picture, as of zeros in a GIF.
 * Those of a TIFF are mostly of fields in a slightly wrong form, as many programs write them.
 */
function strictness(kind: OtherKind): 'error' | 'warning' {
  return kind === 'tiff' ? 'error' : 'warning';
}

// libvips's names for colours whose samples are those of the file.
const directSpaces = new Map<Metadata['space'], Layout>([
  ['b-w', 'grey'],
  ['grey16', 'grey'],
  ['srgb', 'rgb'],
  ['rgb', 'rgb'],
  ['rgb16', 'rgb'],
  ['cmyk', 'cmyk'],
]);

// Others are converted to RGB by what they are defined as, and have no use for a profile then.
const convertedSpaces: readonly Metadata['space'][] = ['lab', 'labs', 'scrgb'];

function coloursOf({ space, depth, hasAlpha }: Metadata): Colours {
  const direct = depth === 'uchar' || depth === 'ushort' ? directSpaces.get(space) : undefined;
  const layout = direct ?? (convertedSpaces.includes(space) ? 'rgb' : undefined);
  if (layout !== undefined) return { layout, alpha: hasAlpha };
  throw new ThumbnailError(
    'UNSUPPORTED',
    `its colours (${space}, ${depth}) are of a kind that thumbnails aren’t made of; ${convertFirst}`,
  );
}

// These are decoded upright, by what the file says beside its EXIF, which may say the same once more.
const uprightKinds: readonly OtherKind[] = ['avif', 'heic'];

function orientationOf(kind: OtherKind, { exif, orientation = 1 }: Metadata): number {
  if (kind === 'tiff') return orientation;
  if (uprightKinds.includes(kind) || exif === undefined) return 1;
  return readOrientation(withoutExifHeader(exif)) ?? 1;
}

function exifOf(bytes: Buffer, kind: OtherKind, { exif }: Metadata): Buffer | undefined {
  if (kind === 'tiff') return exifOfTiff(bytes);
  const block = exif && withoutExifHeader(exif);
  return block && uprightKinds.includes(kind) ? uprightExif(block) : block;
}

type Check = (bytes: Buffer) => void;

// What the decoders pass over, or would tell in words that say nothing.
const before: Partial<Record<OtherKind, Check>> = {
  png: refuseCutPng,
  webp: refuseCutWebp,
  avif: refuseCutBoxes,
  heic: refuseCutBoxes,
  tiff: refuseRawPhoto,
};

// What they do tell, but as damage. These kinds have things in them that look wrong and are not, as their decoders know.
const afterwards: Partial<Record<OtherKind, Check>> = {
  webp: refuseZerosAtEnd,
  gif: refuseCutGif,
  tiff: refuseCutTiff,
};

/** Refuses a photo that the decoder would take for a whole one, and isn't. */
function refuseIncomplete(bytes: Buffer, kind: OtherKind): void {
  before[kind]?.(bytes);
}

/** Why a photo can't be decoded, if its structure tells. */
function explainFailure(bytes: Buffer, kind: OtherKind): ThumbnailError | undefined {
  try {
    afterwards[kind]?.(bytes);
  } catch (error) {
    if (error instanceof ThumbnailError) return error;
    throw error;
  }
  return undefined;
}

import type { Sharp } from 'sharp';
import type { Colours, Layout } from './pixels.ts';
import { ThumbnailError } from './thumbnail-error.ts';
import type { Dimensions } from './thumbnail-size.ts';

export const formats = ['jpeg', 'webp', 'avif', 'png'] as const;

/** What thumbnails are written as. */
export type Format = (typeof formats)[number];

interface FormatFacts {
  /** What file names of this format end with; its own first. */
  readonly extensions: readonly [own: string, ...others: string[]];
  /** The colours it can hold as they are. */
  readonly layouts: readonly Layout[];
  readonly alpha: boolean;
  /** The most pixels on a side that its encoder takes. */
  readonly maxSide: number;
  readonly encode: (picture: Sharp, quality: number) => Sharp;
}

const facts: Record<Format, FormatFacts> = {
  jpeg: {
    extensions: ['jpg', 'jpeg', 'jpe', 'jfif'],
    layouts: ['grey', 'rgb', 'cmyk'],
    alpha: false,
    maxSide: 65_500,
    // libjpeg's own tables, as in the reference: mozjpeg's differ, and take nine times as long.
    encode: (picture, quality) => picture.jpeg({ quality, optimiseCoding: true, mozjpeg: false }),
  },
  webp: {
    extensions: ['webp'],
    layouts: ['rgb'],
    alpha: true,
    maxSide: 16_383,
    encode: (picture, quality) => picture.webp({ quality }),
  },
  avif: {
    extensions: ['avif'],
    layouts: ['rgb'],
    alpha: true,
    maxSide: 16_384,
    // Measured on a photo of 1024 x 685: effort 4, which is sharp's default, takes 4.2 s; 3 takes 0.7 s for 2 % more
    // bytes and 2 takes 0.4 s for 5 % more. A JPEG takes 0.01 s, a WebP 0.1 s.
    encode: (picture, quality) => picture.avif({ quality, effort: 2 }),
  },
  png: {
    extensions: ['png'],
    layouts: ['grey', 'rgb'],
    alpha: true,
    maxSide: 65_535,
    encode: (picture) => picture.png(),
  },
};

/** Sets a picture up to be written in a format. `quality` means nothing to PNG, which loses nothing. */
export function encodeAs(format: Format, picture: Sharp, quality: number): Sharp {
  return facts[format].encode(picture, quality);
}

/** The colours a picture has in a format: its own where that can hold them, else RGB. */
export function coloursIn(format: Format, { layout, alpha }: Colours): Colours {
  const { layouts, alpha: holdsAlpha } = facts[format];
  // sharp mixes CMYK with white by the samples of RGB.
  const kept = layouts.includes(layout) && !(layout === 'cmyk' && alpha);
  return { layout: kept ? layout : 'rgb', alpha: alpha && holdsAlpha };
}

/** The extension, without its dot, of a file in a format: the one given where it means that format. */
export function extensionIn(format: Format, given: string): string {
  const { extensions } = facts[format];
  return extensions.includes(given.toLowerCase()) ? given : extensions[0];
}

/** Refuses thumbnails that a format has no room for. */
export function refuseTooLarge(format: Format, sizes: readonly Dimensions[]): void {
  const { maxSide } = facts[format];
  const beyond = sizes.find(({ width, height }) => Math.max(width, height) > maxSide);
  if (beyond === undefined) return;
  throw new ThumbnailError(
    'TOO_LARGE',
    `a thumbnail would have ${beyond.width} x ${beyond.height} pixels, and \`format\` ${JSON.stringify(format)} ` +
      `has at most ${maxSide} on a side; ask for smaller \`sizes\` or another \`format\``,
  );
}

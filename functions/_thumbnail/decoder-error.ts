import { maxPixels } from './pixels.ts';
import { convertFirst, cutShort, damaged, ThumbnailError } from './thumbnail-error.ts';
import type { Dimensions } from './thumbnail-size.ts';

/** The error of a decoder in words. libvips reports all it met, a line each, with the name of its part in front. */
export function decoderError(error: unknown): ThumbnailError {
  const text = error instanceof Error ? error.message : String(error);
  if (/premature end of JPEG/i.test(text)) return cutShort('within the picture').madeBy(decoderError);
  const reasons = text
    .split('\n')
    .map((line) => line.replace(partName, '').trim())
    .filter((line, index, lines) => !saysNothing.test(line) && lines.indexOf(line) === index);
  if (reasons.some((reason) => isMissing.test(reason))) {
    const what = `its picture is coded in a way that sharp can't decode here (${reasons.join('; ')})`;
    const options = { cause: error };
    return new ThumbnailError('UNSUPPORTED', `${what}; ${convertFirst}`, options).madeBy(decoderError);
  }
  const because = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  return damaged(`its picture can't be decoded${because}`, error).madeBy(decoderError);
}

/** The error for a picture that is too large to be decoded. */
export function tooManyPixels({ width, height }: Dimensions): ThumbnailError {
  return new ThumbnailError(
    'TOO_LARGE',
    `the picture has ${width} x ${height} pixels, more than the ${maxPixels} supported; make it smaller first`,
  ).madeBy(tooManyPixels);
}

const partName = /^.*?(Vips\w+|vips\w*|\w+2vips|gifload_buffer|heif): /;

// libvips tells of each look beyond the end of an AVIF, also of one that is whole; sharp of why it minds a warning,
// and at times only that it failed.
const saysNothing = /^$|bad seek to \d+$|^\(\d+\.\d+\)$|^Warning treated as error|^Unknown error$/;

// What HEVC in a HEIC is to sharp's own libvips, and rare compressions in a TIFF.
const isMissing =
  /unsupported codec|compression support is not configured|^Compression scheme .* not implemented/i;

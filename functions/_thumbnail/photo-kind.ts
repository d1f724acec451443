import { convertFirst, ThumbnailError } from './thumbnail-error.ts';

/** The kinds of files that thumbnails are made of, told by their first bytes whatever they are called. */
export type PhotoKind = 'jpeg' | 'png' | 'webp' | 'tiff' | 'gif' | 'avif' | 'heic';

/** Which kind of photo a file is; what is no photo is refused by its name. */
export function kindOf(bytes: Buffer): PhotoKind {
  const kind = signatures.find((signature) => matches(bytes, signature))?.[0] ?? kindByBrand(bytes);
  if (kind === undefined) throw unsupported(bytes);
  return kind;
}

type Signature<Name> = readonly [name: Name, ...parts: (readonly [offset: number, text: string])[]];

const signatures: readonly Signature<PhotoKind>[] = [
  ['jpeg', [0, '\xff\xd8']],
  ['png', [0, '\x89PNG\r\n\x1a\n']],
  ['webp', [0, 'RIFF'], [8, 'WEBP']],
  ['gif', [0, 'GIF87a']],
  ['gif', [0, 'GIF89a']],
];

// Whole numbers 42 and, in files of more than 4 GB as a rule, 43, in either byte order.
const tiffSignatures = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'];

const heicBrands = ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'hevm', 'hevs', 'mif1', 'msf1'];
const avifBrands = ['avif', 'avis'];

/** TIFF and the HEIF family hold photos of several kinds, and things that are none. */
function kindByBrand(bytes: Buffer): PhotoKind | undefined {
  const text = (start: number, end: number) => bytes.toString('latin1', start, end);
  if (tiffSignatures.includes(text(0, 4))) return text(8, 10) === 'CR' ? undefined : 'tiff';
  if (text(4, 8) !== 'ftyp') return undefined;
  const end = Math.min(bytes.readUInt32BE(0), 256);
  const brands = [text(8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text(at, at + 4));
  if (brands.some((brand) => avifBrands.includes(brand))) return 'avif';
  return brands.some((brand) => heicBrands.includes(brand)) ? 'heic' : undefined;
}

const kindsRead = 'JPEG, PNG, WebP, TIFF, GIF, AVIF and, where sharp can, HEIC';

const otherKinds: readonly Signature<string>[] = [
  ['a PDF', [0, '%PDF']],
  ['a PostScript file', [0, '%!PS']],
  ['a BMP', [0, 'BM'], [6, '\0\0\0\0']],
  ['a Photoshop file', [0, '8BPS']],
  ['an icon', [0, '\0\0\x01\0']],
  ['a JPEG XL', [0, '\xff\x0a']],
  ['a JPEG XL', [4, 'JXL ']],
  ['a JPEG 2000', [4, 'jP  ']],
  ['a JPEG 2000', [0, '\xff\x4f\xff\x51']],
  ['a raw photo (CR2)', [0, 'II*\0'], [8, 'CR']],
  ['a raw photo (CR3)', [4, 'ftypcrx ']],
  ['a raw photo (ORF)', [0, 'IIRO']],
  ['a raw photo (ORF)', [0, 'IIRS']],
  ['a raw photo (RW2)', [0, 'IIU\0']],
  ['a raw photo (RAF)', [0, 'FUJIFILMCCD-RAW']],
  ['a video or sound file', [4, 'ftyp']],
  ['a ZIP archive', [0, 'PK\x03\x04']],
];

function unsupported(bytes: Buffer): ThumbnailError {
  const other = otherKinds.find((signature) => matches(bytes, signature))?.[0];
  if (other !== undefined) {
    return new ThumbnailError(
      'UNSUPPORTED',
      `it is ${other}; what can be read is ${kindsRead}; ${convertFirst}`,
    );
  }
  if (/<svg[\s>]/i.test(bytes.toString('latin1', 0, 1024))) {
    // It is a program that draws, and may refer to other files.
    return new ThumbnailError(
      'UNSUPPORTED',
      'it is an SVG, a drawing instead of a picture, which is not accepted; convert it to PNG first',
    );
  }
  const start = bytes.subarray(0, 4).toString('hex');
  return new ThumbnailError(
    'UNSUPPORTED',
    `it is not a picture that can be read, which are ${kindsRead} (it begins with the bytes ${start}); ${convertFirst}`,
  );
}

function matches(bytes: Buffer, [, ...parts]: Signature<unknown>): boolean {
  return parts.every(([offset, text]) => bytes.toString('latin1', offset, offset + text.length) === text);
}

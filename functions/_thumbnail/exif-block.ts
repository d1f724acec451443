// An EXIF block is a TIFF without a picture: a byte order, and directories of entries of 12 bytes each.

/** What stands before an EXIF block in a JPEG, and here and there in other files. */
export const exifHeader = 'Exif\0\0';

const orientationTag = 0x0112;
const typeShort = 3;
// The orientation is a short. Some programs write a byte or a long, which decoders take as well.
const orientationBytes: Record<number, 1 | 2 | 4> = { 1: 1, [typeShort]: 2, 4: 4, 6: 1, 8: 2, 9: 4 };
const entryBytes = 12;

/** The orientation (1 to 8) an EXIF block gives, or undefined when it gives none or can't be read. */
export function readOrientation(exif: Buffer): number | undefined {
  return findOrientation(exif)?.orientation;
}

/**
 * The block for a picture whose pixels have been turned: its orientation is the normal one. It ends with its first
 * directory then, as the preview in the second one has not been turned. All else is left byte for byte where it was.
 */
export function uprightExif(exif: Buffer): Buffer {
  const found = findOrientation(exif);
  if (found === undefined || found.orientation === 1) return exif;
  const upright = Buffer.from(exif);
  const { littleEndian, valueAt, valueBytes, nextAt } = found;
  if (littleEndian) upright.writeUIntLE(1, valueAt, valueBytes);
  else upright.writeUIntBE(1, valueAt, valueBytes);
  if (nextAt + 4 <= upright.length) upright.writeUInt32BE(0, nextAt);
  return upright;
}

/** A block that says nothing but the orientation. */
export function orientationExif(orientation: number): Buffer {
  const exif = Buffer.alloc(26);
  exif.write('MM\0*', 'latin1');
  exif.writeUInt32BE(8, 4); // where the first directory is
  exif.writeUInt16BE(1, 8); // it has one entry
  exif.writeUInt16BE(orientationTag, 10);
  exif.writeUInt16BE(typeShort, 12);
  exif.writeUInt32BE(1, 14); // of one value
  exif.writeUInt16BE(orientation, 18);
  return exif;
}

/** The block without what may stand before it. */
export function withoutExifHeader(bytes: Buffer): Buffer {
  return bytes.toString('latin1', 0, exifHeader.length) === exifHeader
    ? bytes.subarray(exifHeader.length)
    : bytes;
}

interface Found {
  readonly orientation: number;
  readonly littleEndian: boolean;
  /** Where the orientation stands. */
  readonly valueAt: number;
  readonly valueBytes: 1 | 2 | 4;
  /** Where the first directory tells where the second one is. */
  readonly nextAt: number;
}

function findOrientation(exif: Buffer): Found | undefined {
  const order = exif.toString('latin1', 0, 2);
  if (exif.length < 8 || (order !== 'II' && order !== 'MM')) return undefined;
  const littleEndian = order === 'II';
  const number = (at: number, bytes: 1 | 2 | 4) =>
    littleEndian ? exif.readUIntLE(at, bytes) : exif.readUIntBE(at, bytes);
  const directory = number(4, 4);
  if (directory + 2 > exif.length) return undefined;
  const first = directory + 2;
  const nextAt = first + number(directory, 2) * entryBytes;
  for (let entry = first; entry < nextAt; entry += entryBytes) {
    if (entry + entryBytes > exif.length) return undefined;
    const valueBytes = orientationBytes[number(entry + 2, 2)];
    if (number(entry, 2) !== orientationTag || valueBytes === undefined) continue;
    const valueAt = entry + 8;
    const orientation = number(valueAt, valueBytes);
    if (orientation < 1 || orientation > 8) return undefined;
    return { orientation, littleEndian, valueAt, valueBytes, nextAt };
  }
  return undefined;
}

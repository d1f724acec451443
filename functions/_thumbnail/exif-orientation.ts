import { APP1 } from './jpeg-segments.ts';

const exifHeader = 'Exif\0\0';
const orientationTag = 0x0112;
const typeShort = 3;
const entryBytes = 12;

/** The orientation (1 to 8) an EXIF payload gives, or undefined when it gives none or can't be read. */
export function readOrientation(payload: Buffer): number | undefined {
  const tiff = payload.subarray(exifHeader.length);
  const order = tiff.toString('latin1', 0, 2);
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return undefined;
  const littleEndian = order === 'II';
  const short = (at: number) => (littleEndian ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = littleEndian ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return undefined;
  const first = directory + 2;
  for (let entry = first; entry < first + short(directory) * entryBytes; entry += entryBytes) {
    if (entry + entryBytes > tiff.length) return undefined;
    if (short(entry) !== orientationTag || short(entry + 2) !== typeShort) continue;
    const orientation = short(entry + 8);
    return orientation >= 1 && orientation <= 8 ? orientation : undefined;
  }
  return undefined;
}

/** An APP1 segment whose EXIF says nothing but the orientation. */
export function orientationSegment(orientation: number): Buffer {
  const tiff = Buffer.alloc(26);
  tiff.write('MM\0*', 'latin1');
  tiff.writeUInt32BE(8, 4); // where the first directory is
  tiff.writeUInt16BE(1, 8); // it has one entry
  tiff.writeUInt16BE(orientationTag, 10);
  tiff.writeUInt16BE(typeShort, 12);
  tiff.writeUInt32BE(1, 14); // of one value
  tiff.writeUInt16BE(orientation, 18);
  const payload = Buffer.concat([Buffer.from(exifHeader, 'latin1'), tiff]);
  const head = Buffer.from([0xff, APP1, 0, 0]);
  head.writeUInt16BE(payload.length + 2, 2);
  return Buffer.concat([head, payload]);
}

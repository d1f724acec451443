import { crc32, deflateSync } from 'node:zlib';
import { cutShort, damaged } from '../thumbnail-error.ts';

const signatureBytes = 8;
// Four bytes each: the length before a chunk's data, its type, and its checksum behind.
const chunkBytes = 12;
// The signature and the header chunk, which is always of 13 bytes and first.
const headerEnd = signatureBytes + chunkBytes + 13;

/**
 * Refuses a PNG that doesn't reach its end chunk. The decoder tells of rows that are missing, and of chunks with a
 * wrong checksum; what it can't tell is a file cut between the last row and the end.
 */
export function refuseCutPng(png: Buffer): void {
  let pictureBegun = false;
  for (let at = signatureBytes; ; ) {
    const where = pictureBegun ? 'within the picture' : 'inside its header';
    if (at + chunkBytes > png.length) throw cutShort(where);
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === '\0\0\0\0') throw cutShort('in zeros where it should go on');
    if (!/^[a-z]{4}$/i.test(type))
      throw damaged('its structure is damaged, what should be a chunk of the PNG is none');
    pictureBegun ||= type === 'IDAT';
    at += chunkBytes + png.readUInt32BE(at);
    if (at > png.length) throw cutShort(where);
    if (type === 'IEND') return;
  }
}

/** Puts EXIF and ICC profile into a PNG that has none. */
export function withPngMetadata(
  png: Buffer,
  { exif, profile }: { exif: Buffer | undefined; profile: Buffer | undefined },
): Buffer {
  return Buffer.concat([
    png.subarray(0, headerEnd),
    // It has a name, whatever that is, and 0 says that it is deflated.
    ...(profile ? [chunk('iCCP', Buffer.from('ICC profile\0\0', 'latin1'), deflateSync(profile))] : []),
    ...(exif ? [chunk('eXIf', exif)] : []),
    png.subarray(headerEnd),
  ]);
}

function chunk(type: string, ...data: Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), ...data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length - type.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}

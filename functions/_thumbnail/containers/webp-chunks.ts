import { cutShort } from '../thumbnail-error.ts';
import type { Dimensions } from '../thumbnail-size.ts';

// `RIFF`, a length, `WEBP`.
const headerBytes = 12;
const pictureChunks = ['VP8 ', 'VP8L', 'ANMF'];

/** Refuses a WebP that is shorter than it says. */
export function refuseCutWebp(webp: Buffer): void {
  const picture = pictureOf(webp);
  if (endOf(webp) > webp.length || picture === undefined) {
    throw cutShort(picture === undefined ? 'inside its header' : 'within the picture');
  }
}

// So many zeros at the end of a picture may mean that the file is not written up to there.
const unwrittenBytes = 64;

/** Refuses a WebP whose picture ends in zeros. It may be whole all the same: black rows at the bottom are zeros, too. */
export function refuseZerosAtEnd(webp: Buffer): void {
  if (zerosAtEnd(webp)) throw cutShort('in zeros where its picture should go on');
}

/**
 * The file with other bytes in the place of the last zeros of its picture; undefined when that doesn't end in zeros.
 * To a decoder they make a difference if the zeros are part of the picture. A file that got its size before its contents
 * is done with before its end: zeros are cheaper than what will be there.
 */
export function withOtherEnd(webp: Buffer): Buffer | undefined {
  const zeros = zerosAtEnd(webp);
  if (zeros === undefined) return undefined;
  const changed = Buffer.from(webp);
  const at = zeros.byteOffset - webp.byteOffset;
  return changed.fill(0xa7, at, at + zeros.length);
}

function zerosAtEnd(webp: Buffer): Buffer | undefined {
  const end = pictureOf(webp)?.data.subarray(-unwrittenBytes);
  const isZeros = end?.length === unwrittenBytes && end.every((byte) => byte === 0);
  return isZeros ? end : undefined;
}

/** Puts EXIF and ICC profile into a WebP that has none. */
export function withWebpMetadata(
  webp: Buffer,
  { exif, profile, size }: { exif: Buffer | undefined; profile: Buffer | undefined; size: Dimensions },
): Buffer {
  if (exif === undefined && profile === undefined) return webp;
  const chunks = [...chunksOf(webp)];
  const extended = Buffer.alloc(10);
  chunks.find(({ type }) => type === 'VP8X')?.data.copy(extended);
  extended.writeUInt8(extended.readUInt8(0) | (profile ? hasProfile : 0) | (exif ? hasExif : 0));
  extended.writeUIntLE(size.width - 1, 4, 3);
  extended.writeUIntLE(size.height - 1, 7, 3);
  const body = Buffer.concat([
    chunk('VP8X', extended),
    ...(profile ? [chunk('ICCP', profile)] : []),
    ...chunks.filter(({ type }) => type !== 'VP8X').map(({ type, data }) => chunk(type, data)),
    ...(exif ? [chunk('EXIF', exif)] : []),
  ]);
  const header = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1');
  header.writeUInt32LE(body.length + 4, 4);
  return Buffer.concat([header, body]);
}

const hasProfile = 0x20;
const hasExif = 0x08;

/** The first picture, or the only one. */
function pictureOf(webp: Buffer): Chunk | undefined {
  for (const chunk of chunksOf(webp)) if (pictureChunks.includes(chunk.type)) return chunk;
  return undefined;
}

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/** The chunks as far as the file goes, one at a time: a file may be made of nothing but empty ones. */
function* chunksOf(webp: Buffer): Generator<Chunk, void> {
  const end = Math.min(endOf(webp), webp.length);
  for (let at = headerBytes; at + 8 <= end; ) {
    const length = webp.readUInt32LE(at + 4);
    const type = webp.toString('latin1', at, at + 4);
    yield { type, data: webp.subarray(at + 8, at + 8 + length) };
    at += 8 + length + (length % 2);
  }
}

/** Where it ends by its header. What is behind that is no part of it. */
function endOf(webp: Buffer): number {
  return 8 + webp.readUInt32LE(4);
}

function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

// AVIF and HEIC are built of boxes (ISO 14496-12): four bytes of length, which count themselves, four of type, contents.

import { cutShort } from '../thumbnail-error.ts';

export interface Box {
  readonly type: string;
  /** Where it begins in what it was found in. */
  readonly start: number;
  /** The first byte after it; beyond the bytes there are when these are cut. */
  readonly end: number;
  readonly contents: Buffer;
}

const headBytes = 8;
const longHeadBytes = 16;

/** The boxes in a stretch of bytes, one at a time: a file may be made of nothing but empty ones. */
export function* boxesIn(bytes: Buffer, from = 0): Generator<Box, void> {
  for (let start = from; start + headBytes <= bytes.length; ) {
    const type = bytes.toString('latin1', start + 4, start + headBytes);
    const { length, head } = lengthAt(bytes, start);
    const end = start + Math.max(length, head);
    yield { type, start, end, contents: bytes.subarray(start + head, end) };
    start = end;
  }
}

function lengthAt(bytes: Buffer, start: number): { length: number; head: number } {
  const length = bytes.readUInt32BE(start);
  // 0 stands for the rest of the file, 1 for a number that has no room here.
  if (length === 0) return { length: bytes.length - start, head: headBytes };
  if (length === 1 && start + longHeadBytes <= bytes.length) {
    return { length: Number(bytes.readBigUInt64BE(start + headBytes)), head: longHeadBytes };
  }
  return { length, head: headBytes };
}

export function box(type: string, ...contents: Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([uint(headBytes + body.length, 4), Buffer.from(type, 'latin1'), body]);
}

/** Reads the numbers of a box one after another. Those that begin with a version and flags have these read already. */
export function numbersOf(contents: Buffer) {
  let at = 4;
  return {
    version: contents.readUInt8(0),
    flags: contents.readUIntBE(1, 3),
    next: (bytes: number) => {
      at += bytes;
      return bytes === 0 ? 0 : contents.readUIntBE(at - bytes, bytes);
    },
    /** What has not been read. */
    rest: () => contents.subarray(at),
  };
}

export function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** Version and flags, which many boxes begin with. */
export function versionAndFlags(version: number, flags = 0): Buffer {
  return Buffer.concat([uint(version, 1), uint(flags, 3)]);
}

// What there is of pictures is in these. Behind them may be anything, also what is no box.
const pictureBoxes = ['meta', 'moov', 'mdat'];

/** Refuses an AVIF or HEIC that is shorter than its boxes say. */
export function refuseCutBoxes(file: Buffer): void {
  let isDescribed = false;
  for (const { type, end } of boxesIn(file)) {
    isDescribed ||= type === 'meta';
    if (!pictureBoxes.includes(type) || end <= file.length) continue;
    throw cutShort(isDescribed ? 'within the picture' : 'inside its header');
  }
  if (!isDescribed) throw cutShort('inside its header');
}

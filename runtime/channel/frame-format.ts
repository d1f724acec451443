/**
 * Frames on a byte stream. A frame is
 *
 *     u32  length of what follows, little endian
 *     u8   kind of the head (see heads.ts)
 *     u8   codec of the body: 0 none, 1 json (UTF-8), 2 v8, 3 v8 with buffers
 *     u32  length of the head
 *     head
 *     body, the rest
 *
 * With buffers the body begins with a table of them (see buffer-table.ts). Their bytes are in shared memory, or follow
 * the frame, so that nobody has to copy them to put frames together or apart.
 */
import { headKinds, jsonBegin, partBytes, succeededBytes } from './heads.ts';
import { maxFrameBytes } from './limits.ts';

export const lengthBytes = 4;
export const prefixBytes = lengthBytes + 1 + 1 + 4;
export const codecs = { none: 0, json: 1, v8: 2, v8WithBuffers: 3 } as const;
const codecCount = Object.keys(codecs).length;
const kindCount = Object.keys(headKinds).length;

/** By its kind, the longest head where that is known. */
const longestHeads: Readonly<Record<number, number>> = {
  [headKinds.succeeded]: succeededBytes,
  [headKinds.part]: partBytes,
};

/** The bytes on the stream are no frames of this protocol; nothing that follows can be trusted. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/**
 * The length that the prefix of a frame tells, checked; some of the frame may not have come.
 * @throws FrameError
 */
export function frameLength(bytes: Buffer, offset: number): number {
  const length = bytes.readUInt32LE(offset);
  if (length < prefixBytes - lengthBytes || length > maxFrameBytes) {
    throw new FrameError(`expected a frame of at most ${maxFrameBytes} bytes, got a length of ${length}`);
  }
  // The rest of the prefix, and what has come of the head, is looked at before the length is believed: what is no frame
  // must not be waited for, and swallow everything that follows it.
  const kind = bytes[offset + 4] as number;
  if (kind >= kindCount) throw new FrameError(`expected a kind of head that exists, got ${kind}`);
  const codec = bytes[offset + 5] as number;
  if (codec >= codecCount) throw new FrameError(`expected a codec that exists, got ${codec}`);
  const headBytes = bytes.readUInt32LE(offset + 6);
  if (prefixBytes - lengthBytes + headBytes > length) {
    throw new FrameError('expected the head of a frame inside of it');
  }
  const headStart = offset + prefixBytes;
  const begin = bytes.subarray(headStart, headStart + Math.min(headBytes, jsonBegin.length));
  const canBeOne =
    kind === headKinds.json
      ? begin.equals(jsonBegin.subarray(0, begin.length))
      : headBytes <= (longestHeads[kind] ?? headBytes);
  if (!canBeOne) throw new FrameError('expected the head of a frame to be one of its kind');
  return length;
}

/**
 * How far a function may be ahead of whoever reads its parts: so many parts at first, and with a reader who keeps up and
 * would wait for the next otherwise, twice as many each time, up to the most. Both sides of a channel go by it.
 */
import type { EncodedValue } from './codec.ts';

/** A reader who takes his time has no more than these behind him, whatever each of them has cost. */
export const firstWindow = 4;

/**
 * Measured with small numbers, two cores with much else to do, parts per second: 150,000 with 8, 220,000 with 16, 310,000 with
 * 32, 410,000 with 64, 530,000 with 256.
 */
export const mostWindow = 32;

/** Whatever their number; one more part may be sent as long as this is not reached. */
export const mostAheadBytes = 256 * 1024;

/** What a part counts: not quite its bytes, as those of a string would have to be counted. */
export function sizeOfPart(body: EncodedValue): number {
  if (typeof body === 'string') return body.length;
  let size = body.bytes.length;
  for (const { byteLength } of body.buffers ?? []) size += byteLength;
  return size;
}

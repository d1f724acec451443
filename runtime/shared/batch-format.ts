/** Items of a queue that are sent together: of each a byte for its codec (0: JSON, 1: v8) and its bytes; their lengths are told beside. */
import type { EncodedBytes, EncodedValue } from '../channel/codec.ts';

/** What is larger travels alone. */
const longestInBatch = 8 * 1024;

/** Whether an item can be sent with others. */
export function fitsBatch(value: EncodedValue | undefined): value is EncodedValue {
  if (value === undefined) return false;
  if (typeof value === 'string') return value.length <= longestInBatch;
  return value.bytes.length <= longestInBatch && !value.buffers;
}

export function packBatch(values: readonly EncodedValue[]): { lengths: number[]; body: EncodedBytes } {
  const lengths = values.map((value) =>
    typeof value === 'string' ? Buffer.byteLength(value) : value.bytes.length,
  );
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length + 1, 0));
  let at = 0;
  for (const [index, value] of values.entries()) {
    bytes[at++] = typeof value === 'string' || value.codec === 'json' ? 0 : 1;
    if (typeof value === 'string') bytes.write(value, at, 'utf8');
    else bytes.set(value.bytes, at);
    at += lengths[index] as number;
  }
  return { lengths, body: { codec: 'v8', bytes } };
}

/** The item of this length that begins there, and where the next one does. */
export function unpackItem(
  bytes: Uint8Array,
  at: number,
  length: number,
): { value: EncodedValue; next: number } {
  const start = at + 1;
  const next = start + length;
  const codec = bytes[at] === 0 ? 'json' : 'v8';
  return { value: { codec, bytes: bytes.subarray(start, next) }, next };
}

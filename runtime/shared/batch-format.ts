/**
 * Items of a queue that are sent together: of each a byte for its codec (0: JSON, 1: v8), the length of its bytes (32 bits,
 * little endian) and its bytes.
 */
import type { EncodedBytes, EncodedValue } from '../channel/codec.ts';

/** What is larger travels alone. */
const longestInBatch = 8 * 1024;

const headBytes = 5;

/** Whether an item can be sent with others. */
export function fitsBatch(value: EncodedValue | undefined): value is EncodedValue {
  if (value === undefined) return false;
  if (typeof value === 'string') return value.length <= longestInBatch;
  return value.bytes.length <= longestInBatch && !value.buffers;
}

/** Items one after another, and where each of them begins. */
export interface Batch {
  readonly bytes: Buffer;
  readonly starts: readonly number[];
}

export function packBatch(values: readonly EncodedValue[]): Batch {
  const starts: number[] = [];
  let end = 0;
  for (const value of values) {
    starts.push(end);
    end += headBytes + (typeof value === 'string' ? Buffer.byteLength(value) : value.bytes.length);
  }
  const bytes = Buffer.allocUnsafeSlow(end);
  for (const [index, value] of values.entries()) {
    const start = starts[index] as number;
    const from = start + headBytes;
    bytes[start] = typeof value === 'string' || value.codec === 'json' ? 0 : 1;
    bytes.writeUInt32LE((starts[index + 1] ?? end) - from, start + 1);
    if (typeof value === 'string') bytes.write(value, from, 'utf8');
    else bytes.set(value.bytes, from);
  }
  return { bytes, starts };
}

/** Reads items one after another. */
export class BatchReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
  }

  next(): EncodedBytes {
    const codec = this.#bytes[this.#at] === 0 ? 'json' : 'v8';
    const start = this.#at + headBytes;
    this.skip();
    return { codec, bytes: this.#bytes.subarray(start, this.#at) };
  }

  skip(): void {
    this.#at += headBytes + this.#bytes.readUInt32LE(this.#at + 1);
  }
}

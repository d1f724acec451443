/**
 * A ring of items in memory that a worker and the arbiter have both mapped: the worker writes, the arbiter reads. What the
 * worker has written is there whatever becomes of it. Numbers are 32 bits, little endian:
 *
 *     0   how many bytes the arbiter has read, ever; modulo 2^32
 *     4   how many bytes the worker has written
 *     8   1: the arbiter wants to be told of the next item
 *     16  items, each at a multiple of 8: its lane, its length, its codec (0: JSON, 1: v8), nothing; then its bytes.
 *         A lane of -1: the next item is at the beginning.
 */
import type { EncodedBytes, EncodedValue } from '../channel/codec.ts';

const words = { read: 0, written: 1, bell: 2 } as const;
const headerBytes = 16;
const itemHeadBytes = 16;
const alignment = 8;
const toBeginning = -1;

/** Room for some thousand small items, which is more than what is written while the arbiter wakes up. */
const areaBytes = 128 * 1024;
export const ringBytes = headerBytes + areaBytes;

/** What is larger travels as a message. */
export const longestRingItem = 8 * 1024;

const codecs = { json: 0, v8: 1 } as const;

/** The worker's side. */
export class RingWriter {
  readonly #words: Int32Array;
  readonly #area: Buffer;
  #written: number;

  constructor(bytes: Buffer) {
    [this.#words, this.#area] = partsOf(bytes);
    this.#written = Atomics.load(this.#words, words.written);
  }

  /** Whether an item of this size can be written at all. */
  static takes(value: EncodedValue): boolean {
    if (typeof value === 'string') return value.length * 3 <= longestRingItem;
    return value.bytes.length <= longestRingItem && !value.buffers;
  }

  /** Writes an item; returns false while there is no room. From then on it can't be lost. */
  write(lane: number, value: EncodedValue): boolean {
    const most =
      itemHeadBytes + (typeof value === 'string' ? 3 * value.length : value.bytes.length) + alignment;
    let start = this.#written % areaBytes;
    const skipped = start + most > areaBytes ? areaBytes - start : 0;
    const used = (this.#written - Atomics.load(this.#words, words.read)) >>> 0;
    if (used + skipped + most > areaBytes) return false;
    if (skipped > 0) {
      this.#area.writeInt32LE(toBeginning, start);
      start = 0;
    }
    const area = this.#area;
    const from = start + itemHeadBytes;
    let length: number;
    if (typeof value === 'string') length = area.write(value, from, 'utf8');
    else {
      length = value.bytes.length;
      area.set(value.bytes, from);
    }
    area.writeInt32LE(lane, start);
    area.writeInt32LE(length, start + 4);
    area[start + 8] = typeof value === 'string' ? codecs.json : codecs[value.codec];
    this.#written = (this.#written + skipped + aligned(itemHeadBytes + length)) >>> 0;
    // What it announces is there before it: whoever is killed in between has not put it.
    Atomics.store(this.#words, words.written, this.#written | 0);
    return true;
  }

  /** Whether the arbiter is to be told of what was written. Asked after it was. */
  takeBell(): boolean {
    return Atomics.load(this.#words, words.bell) === 1 && Atomics.exchange(this.#words, words.bell, 0) === 1;
  }
}

/** The arbiter's side. */
export class RingReader {
  readonly #words: Int32Array;
  readonly #area: Buffer;
  #read = 0;

  constructor(bytes: Buffer) {
    [this.#words, this.#area] = partsOf(bytes);
  }

  /** Passes on all that was written by now. Nothing in it is believed. @throws RangeError when it can't be */
  drain(onItem: (lane: number, value: EncodedBytes) => void): void {
    const written = Atomics.load(this.#words, words.written) >>> 0;
    const count = (written - this.#read) >>> 0;
    if (count === 0) return;
    if (count > areaBytes) throw new RangeError('expected no more than the ring holds');
    while (this.#read !== written) {
      const start = this.#read % areaBytes;
      const lane = this.#area.readInt32LE(start);
      if (lane === toBeginning) {
        this.#read = (this.#read + areaBytes - start) >>> 0;
        continue;
      }
      const length = this.#area.readInt32LE(start + 4);
      const end = start + itemHeadBytes + length;
      if (
        length < 0 ||
        length > longestRingItem + alignment ||
        end > areaBytes ||
        (written - this.#read) >>> 0 > areaBytes
      )
        throw new RangeError('expected items inside of the ring');
      const codec = this.#area[start + 8] === codecs.json ? 'json' : 'v8';
      // Copied: what follows is written over it.
      const bytes = new Uint8Array(this.#area.subarray(start + itemHeadBytes, end));
      this.#read = (this.#read + aligned(itemHeadBytes + length)) >>> 0;
      onItem(lane, { codec, bytes });
    }
    Atomics.store(this.#words, words.read, this.#read | 0);
  }

  /** Whether something was written that has not been read. */
  get hasMore(): boolean {
    return Atomics.load(this.#words, words.written) >>> 0 !== this.#read;
  }

  /** Wants to be told of the next item. To be followed by a look whether there is one already. */
  setBell(): void {
    Atomics.store(this.#words, words.bell, 1);
  }
}

function aligned(length: number): number {
  return (length + alignment - 1) & ~(alignment - 1);
}

function partsOf(bytes: Buffer): [words: Int32Array, area: Buffer] {
  const numbers = new Int32Array(bytes.buffer, bytes.byteOffset, headerBytes / Int32Array.BYTES_PER_ELEMENT);
  return [numbers, bytes.subarray(headerBytes, ringBytes)];
}

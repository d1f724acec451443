import { lockWords } from './arbiter/lock-words.ts';

/** How many words there are beside those of locks: of batches of items, and of queues that may be closed. 64 KB. */
const otherWords = 16_384;

/** All words that are shared: those of locks, then the others. */
export const sharedWords = lockWords + otherWords;

/** Where words lie: they move when they are mapped. */
export interface Words {
  array: Int32Array;
}

export function wordsIn(bytes: Buffer): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / Int32Array.BYTES_PER_ELEMENT);
}

/**
 * The word of a batch of items that a worker has ahead: which batch it is (12 bits, counted round), how many items are in it
 * (10 bits) and how many of them the worker has taken (10 bits). The worker takes the next one by one atomic change, and
 * the arbiter takes back the rest by another: each item is had by one.
 */
export const batchWord = {
  of: (batch: number, size: number, taken = 0) => ((batch & 0xfff) << 20) | (size << 10) | taken,
  batch: (word: number) => word >>> 20,
  size: (word: number) => (word >>> 10) & 0x3ff,
  taken: (word: number) => word & 0x3ff,
  largest: 512,
} as const;

/** Of a queue: whether it was closed. */
export const closedWord = { open: 0, closed: 1 } as const;

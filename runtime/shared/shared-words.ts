import { lockWords } from './arbiter/lock-words.ts';

/** How many words there are beside those of locks: two at most of each queue. 64 KB. */
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
 * The word of the items of a queue that are sent ahead, the same ones to several readers: the number of the first one that
 * nobody has had, counted from 0. Whoever makes it one more, by one atomic change, has that item. So items are had in
 * their order, whoever has them. When the arbiter takes the rest back, it makes the word the number behind the last one.
 *
 * It never becomes less: what a reader was sent long ago is not its own for the second time. So words of this kind are used
 * for nothing else, and not again when they have come so far that more could make a circle of the 32 bits.
 */
export const headWord = { first: 0, last: 2 ** 30 } as const;

/** Of a queue: whether items may be put into it without a message. */
export const laneWord = { open: 0, closed: 1, limited: 2 } as const;

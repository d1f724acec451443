/**
 * The words of locks, one of 32 bits each, little endian: who has the lock, and whether others wait. Whoever has them mapped
 * takes a free lock, and gives back one that nobody waits for, by one atomic change and without a message; all else
 * goes through the arbiter. As they lie in a file that the arbiter holds open they outlive whoever is killed.
 *
 *     bits 0–23   the token of the asker that has it; 0: it is free
 *     bits 24–27  how often that asker took it when it was kept, counted round
 *     bit 28      kept: it is free, and only that asker may take it, for a moment
 *     bit 29      its last holder ended without a release; whoever has it next is told
 *     bit 30      others wait: a release has to go through the arbiter
 */
export const lockBits = {
  token: 0xff_ffff,
  takes: 0xf << 24,
  kept: 1 << 28,
  abandoned: 1 << 29,
  waiters: 1 << 30,
} as const;

/** Taken once more. */
export function withOneMoreTake(word: number): number {
  return (word & ~lockBits.takes) | ((word + oneTake) & lockBits.takes);
}

const oneTake = 1 << 24;

/** How many locks can have a word; 64 KB. The others are had through messages. */
export const lockWords = 16_384;

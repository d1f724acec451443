import type { Unit } from './subject.ts';

/** The middle of some readings and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Median, smallest and largest of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted.at(0), sorted.at(-1)];
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (min === undefined || max === undefined || low === undefined || high === undefined) {
    throw new RangeError('Expected at least one value to summarize');
  }
  return { median: (low + high) / 2, min, max };
}

/**
 * How many times as fast ours is as the peer: above 1 ours is faster, whether the unit is a rate or a duration.
 * The ratio is taken within each round, where both had the same machine, and then summarized: a drift between
 * rounds moves both readings of a pair and cancels out.
 */
export function ratioOf(unit: Unit, ours: readonly number[], peer: readonly number[]): Spread {
  if (ours.length !== peer.length) {
    throw new RangeError(`Expected readings in pairs, got ${ours.length} and ${peer.length}`);
  }
  return spreadOf(
    ours.map((reading, round) => {
      const other = peer[round] ?? Number.NaN;
      return unit === '/s' ? reading / other : other / reading;
    }),
  );
}

/** The list turned by `by` places, so that over the rounds everyone has been first. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

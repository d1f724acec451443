import countdown from '../../functions/countdown.ts';
import type { Job, Readings } from '../../harness/subject.ts';
import { assertMapped } from './verify.ts';

/** How many counts there are; on two cores two of them run at the same time. */
export const countsAtOnce = 4;

/** Where each of them begins: long enough, with some 100 ms, that what a pool costs is nothing beside it. */
export const countsFrom = { full: 200_000_000, quick: 20_000_000 };

const passes = { full: 3, quick: 1 };

/** Runs `countdown` for each of these numbers, in its own way. */
export type CountAll = (from: readonly number[]) => Promise<readonly unknown[]>;

/**
 * Measures how long the counts take, in s, and how many times as fast that is as one after another in the program
 * itself. Both take turns in the same process, so that they have the same machine.
 */
export async function measureCountdown(countAll: CountAll, { quick }: Job): Promise<Readings> {
  const length = quick ? 'quick' : 'full';
  const from: readonly number[] = Array.from(
    { length: countsAtOnce },
    (_, each) => countsFrom[length] + each,
  );
  // The first counts are for V8, which optimizes the loop while it runs: in the program and in each worker.
  await timeOf(countAll, from);
  await timeOf(oneAfterAnother, from);

  let ownMs = 0;
  let sequentialMs = 0;
  for (let pass = 0; pass < passes[length]; pass += 1) {
    ownMs += await timeOf(countAll, from);
    sequentialMs += await timeOf(oneAfterAnother, from);
  }
  return { countdown: ownMs / passes[length] / 1000, speedup: sequentialMs / ownMs };
}

/** In the program, one count after another. */
export async function oneAfterAnother(from: readonly number[]): Promise<number[]> {
  return from.map((each) => countdown(each));
}

/** In the program, as somebody would write it who takes promises for threads. */
export function withPromiseAll(from: readonly number[]): Promise<number[]> {
  return Promise.all(from.map(async (each) => countdown(each)));
}

async function timeOf(countAll: CountAll, from: readonly number[]): Promise<number> {
  const start = performance.now();
  const counted = await countAll(from);
  const ms = performance.now() - start;
  assertMapped(counted, from, 'ordered');
  return ms;
}

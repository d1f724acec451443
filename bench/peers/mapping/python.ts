import path from 'node:path';
import { bench } from '../../harness/places.ts';
import type { Job, Presence } from '../../harness/subject.ts';
import { findPlainPython } from '../python/find.ts';
import { startPython } from '../python/program.ts';
import { mapWorkers, type Order } from './mapping-pool.ts';
import { itemCounts, windowMs } from './measure-items.ts';

/** Ways of Python's standard library to run a function for many items, by the measures that they take part in. */
export type PythonWays = Partial<Record<Order, 'executor.map' | 'pool.imap' | 'pool.imap_unordered'>>;

/** Those that are tried for the best one. */
export const allChunksizes = [1, 10, 100, 1_000, 10_000, 50_000] as const;

// With a chunksize of 1 all of the items would take a quarter of a minute, and tell nothing else.
const mostChunks = 20_000;
const warmUpChunksize = 100;

/** Whether there is a Python. */
export async function findMappingPython(title: string): Promise<Presence> {
  const python = await findPlainPython();
  return python
    ? { present: true, title: `Python ${python.said}, ${title}` }
    : { present: false, title: `Python, ${title}`, reason: 'there is no Python here that can `fork`' };
}

/** Tries each of these chunksizes, and measures how many tiny items a second with the best, for as long as our own are measured. */
export async function measurePython(
  ways: PythonWays,
  chunksizes: readonly number[],
  { measure, quick }: Job,
): Promise<number> {
  const python = await findPlainPython();
  const way = ways[measure as Order];
  if (python === undefined || way === undefined) {
    throw new Error(`Expected a Python and a way of it to measure ${measure}`);
  }
  const length = quick ? 'quick' : 'full';
  const items = itemCounts[length];
  const script = path.join(bench, 'peers/mapping/mapping.py');
  const program = startPython(python.command, script, [way, String(mapWorkers)]);
  await program.ask([items, warmUpChunksize]);
  const run = async (chunksize: number) => {
    // Two chunks at least, or one of the processes would have nothing to do.
    const count = Math.max(mapWorkers * chunksize, Math.min(items, chunksize * mostChunks));
    return { count, seconds: (await program.ask([count, chunksize])) as number };
  };
  let best = { chunksize: 0, rate: 0 };
  for (const chunksize of chunksizes) {
    const { count, seconds } = await run(chunksize);
    if (count / seconds > best.rate) best = { chunksize, rate: count / seconds };
  }
  const total = { count: 0, seconds: 0 };
  while (total.seconds * 1000 < windowMs[length]) {
    const { count, seconds } = await run(best.chunksize);
    total.count += count;
    total.seconds += seconds;
  }
  await program.close();
  return total.count / total.seconds;
}

import assert from 'node:assert/strict';
import type { Contestant, Job, Readings } from '../../harness/subject.ts';
import { poolContestants } from '../pools/contestants.ts';
import type { OpenMappingPool } from './mapping-pool.ts';
import { mapWorkers } from './mapping-pool.ts';
import { type CountAll, measureCountdown, oneAfterAnother, withPromiseAll } from './measure-countdown.ts';
import { measureItems } from './measure-items.ts';
import { allChunksizes, findMappingPython, measurePython, type PythonWays } from './python.ts';

/** Something that runs a function for many items. */
export interface MapContestant extends Contestant {
  readonly measures: readonly MapMeasure[];
  take(job: Job): Promise<number | Readings>;
}

export type MapMeasure = 'ordered' | 'unordered' | 'countdown' | 'speedup';

const ofItems: readonly MapMeasure[] = ['ordered', 'unordered'];
const ofCounts: readonly MapMeasure[] = ['countdown', 'speedup'];

/** All that are compared, ours first. The libraries are imported when they are opened. */
export const mapContestants: readonly MapContestant[] = [
  pool('warm-pool', async (options) => (await import('./warm-pool.ts')).open(options)),
  pool('warm-pool threads', async (options) => (await import('./warm-pool.ts')).open(options)),
  loop('warm-pool'),
  loop('warm-pool threads'),
  pool('piscina threads', async (options) => (await import('./piscina.ts')).open(options)),
  // It has no part in the counts: a thread that has two of them has them one after another all the same.
  pool(
    'piscina threads concurrentTasksPerWorker 4',
    async (options) => (await import('./piscina.ts')).open(options, { concurrentTasksPerWorker: 4 }),
    ofItems,
  ),
  python('ProcessPoolExecutor.map', { ordered: 'executor.map' }, allChunksizes),
  python('ProcessPoolExecutor.map default', { ordered: 'executor.map' }, [1]),
  python(
    'multiprocessing.Pool.imap',
    { ordered: 'pool.imap', unordered: 'pool.imap_unordered' },
    allChunksizes,
  ),
  oneThread('sequential', 'one after another, no pool', oneAfterAnother),
  oneThread('Promise.all', 'Promise.all on one thread, no pool', withPromiseAll),
];

function pool(
  name: string,
  open: OpenMappingPool,
  measures: readonly MapMeasure[] = [...ofItems, ...ofCounts],
): MapContestant {
  const contestant = poolContestants.find((each) => each.name === name);
  assert.ok(contestant, `Expected a pool, got \`${name}\``);
  const { kind } = contestant;
  return {
    ...contestant,
    measures,
    take: async (job) => {
      if (job.measure !== 'countdown') return measureItems(open, kind, job);
      const opened = await open({ workers: mapWorkers, kind, build: job.build, folder: job.folder });
      const readings = await measureCountdown((from) => opened.map('countdown', from, 'ordered'), job);
      await opened.close();
      return readings;
    },
  };
}

/** One of ours with a loop in place of `toArray`. */
function loop(name: string): MapContestant {
  const open: OpenMappingPool = async (options) =>
    (await import('./warm-pool.ts')).open(options, 'for await');
  const contestant = pool(name, open, ofItems);
  return {
    ...contestant,
    name: `${name} for await`,
    find: async (options) => {
      const found = await contestant.find(options);
      return found.present ? { ...found, title: `${found.title}, for await` } : found;
    },
  };
}

function python(name: string, ways: PythonWays, chunksizes: readonly number[]): MapContestant {
  const [only] = chunksizes;
  const setting = chunksizes.length > 1 ? 'its best chunksize' : `chunksize ${only} (the default)`;
  const what = ways.unordered ? `${name} and imap_unordered` : name.replace(/ default$/, '');
  return {
    name,
    measures: Object.keys(ways) as MapMeasure[],
    find: () => findMappingPython(`${what}, ${setting}`),
    take: (job) => measurePython(ways, chunksizes, job),
  };
}

function oneThread(name: string, title: string, countAll: CountAll): MapContestant {
  return {
    name,
    measures: ofCounts,
    find: async () => ({ present: true, title }),
    take: (job) => measureCountdown(countAll, job),
  };
}

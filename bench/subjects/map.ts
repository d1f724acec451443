import assert from 'node:assert/strict';
import type { Measure, RunOptions, Subject } from '../harness/subject.ts';
import { type MapMeasure, mapContestants } from '../peers/mapping/contestants.ts';
import { mapWorkers } from '../peers/mapping/mapping-pool.ts';
import { countsAtOnce, countsFrom } from '../peers/mapping/measure-countdown.ts';
import { itemCounts } from '../peers/mapping/measure-items.ts';
import { allChunksizes } from '../peers/mapping/python.ts';

export default function subject({ quick }: RunOptions): Subject {
  const length = quick ? 'quick' : 'full';
  const inWords = (count: number) => count.toLocaleString('en-US');
  const items = `${inWords(itemCounts[length])} numbers, a function that returns its argument`;
  const counts = `${countsAtOnce} counts from ${inWords(countsFrom[length])} to zero`;
  return {
    title: `a function for each of many items, ${mapWorkers} workers`,
    measures: [
      { name: 'ordered', title: 'in the order of the items', unit: '/s', table: items },
      { name: 'unordered', title: 'as they are ready', unit: '/s', table: items },
      { name: 'countdown', title: 'all of them', unit: 's', table: counts },
      {
        name: 'speedup',
        title: 'times as fast as one after another',
        unit: '×',
        table: counts,
        takenWith: 'countdown',
      },
    ] satisfies (Measure & { name: MapMeasure })[],
    contestants: mapContestants,
    rounds: { full: 5, quick: 1 },
    notes,
    measure: async (job) => {
      const contestant = mapContestants.find(({ name }) => name === job.contestant);
      assert.ok(contestant, `Expected a contestant, got \`${job.contestant}\``);
      return contestant.take(job);
    },
  };
}

const notes: readonly string[] = [
  'Items a second, from the first until all results are in a list. Each result is looked at, and so is whether all workers had ' +
    'a part in it. Starting is not included: the workers are up, and have had the same items before.',
  'warm-pool: runtime.map(…).toArray() with its defaults, and with a loop over it (for await). piscina, which runs one item at a call: in order by Promise.all for 1,000 items, and ' +
    'then the next 1,000; as they are ready with 64 in flight. ' +
    `Python: the best of the chunksizes ${allChunksizes.map((size) => size.toLocaleString('en-US')).join(', ')}, which are tried in each reading, ` +
    'and the executor once more with what it has by default.',
  'Counts: the time of all, and how many times as fast that is as one after another without a pool, measured in turn in the same process.',
];

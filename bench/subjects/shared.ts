import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Job, Measure, Subject } from '../harness/subject.ts';
import { sharingContestants } from '../peers/sharing/contestants.ts';
import { rateOf } from '../peers/sharing/rate.ts';
import type { Sharing } from '../peers/sharing/sharing.ts';
import { operationsOf, type Work } from '../peers/sharing/work.ts';

// Until the memory that processes share is mapped, which is after some messages, and the code on both sides is optimized.
const warmUpMs = { full: 1_500, quick: 300 };
const windowMs = { full: 1_000, quick: 100 };
const countsWithLock = { full: 1_000, quick: 200 };

const tables: Readonly<Record<Work['kind'], string>> = {
  lock: 'a lock, had and given back',
  queue: 'a queue of numbers, put and got',
  map: "a map, or a manager's dict, of which an entry is set",
};

interface SharedMeasure {
  readonly name: string;
  readonly title: string;
  readonly work: Work;
}

const works: readonly SharedMeasure[] = [
  { name: 'lock-1', title: 'by one worker alone', work: { kind: 'lock', workers: 1 } },
  { name: 'lock-2', title: 'by 2 that contend for it', work: { kind: 'lock', workers: 2 } },
  { name: 'lock-8', title: 'by 8 that contend for it', work: { kind: 'lock', workers: 8 } },
  { name: 'queue', title: 'worker → worker', work: { kind: 'queue', producers: 1, consumers: 1 } },
  {
    name: 'queue-to-program',
    title: 'worker → program',
    work: { kind: 'queue', producers: 1, consumers: 'program' },
  },
  {
    name: 'queue-to-worker',
    title: 'program → worker',
    work: { kind: 'queue', producers: 'program', consumers: 1 },
  },
  { name: 'queue-3', title: '3 workers → 3 workers', work: { kind: 'queue', producers: 3, consumers: 3 } },
  { name: 'map', title: 'by one worker', work: { kind: 'map' } },
];

const subject: Subject = {
  title: 'what workers share: operations a second, of all workers together',
  measures: works.map(
    ({ name, title, work }): Measure => ({ name, title, unit: '/s', table: tables[work.kind] }),
  ),
  contestants: sharingContestants.map((contestant) => ({
    ...contestant,
    measures: works.filter(({ work }) => contestant.works.includes(work.kind)).map(({ name }) => name),
  })),
  rounds: { full: 5, quick: 1 },
  notes: [
    'Each operation is waited for before the next, in all workers at the same time and as often in each, for a second at least: from ' +
      'when all are ready until all are done. Starting is not included, and before it they were at it for a second and a half: ' +
      'within that, our workers map what they share.',
    'A lock: nothing is done while it is had. That it keeps workers apart is looked at after each reading: the same ' +
      'workers count together in a file. A queue: without a limit; an item that is put and got is one ' +
      'operation, and the sums of what was got are looked at. A map: the same entry each time, and the last value is looked at.',
    'Python has processes for workers as well, and as many of them.',
  ],
  measure,
};

export default subject;

async function measure(job: Job): Promise<number> {
  const contestant = sharingContestants.find(({ name }) => name === job.contestant);
  const measured = works.find(({ name }) => name === job.measure);
  assert.ok(contestant && measured, `Expected a contestant, got \`${job.contestant}\` for ${job.measure}`);
  const length = job.quick ? 'quick' : 'full';
  const { work } = measured;
  const sharing = await contestant.open({
    work,
    kind: contestant.kind,
    build: job.build,
    folder: job.folder,
  });
  const { times, ms } = await rateOf((each) => sharing.run(each), {
    warmUpMs: warmUpMs[length],
    windowMs: windowMs[length],
  });
  if (work.kind === 'lock') await assertLocks(sharing, work.workers, countsWithLock[length], job.folder);
  await sharing.close();
  return operationsOf(work, times) / (ms / 1000);
}

// What others add while one has read the number and not yet written it would be lost.
async function assertLocks(sharing: Sharing, workers: number, times: number, folder: string): Promise<void> {
  const file = path.join(folder, 'count');
  await writeFile(file, '0');
  await sharing.count(times, file);
  const counted = await readFile(file, 'utf8');
  assert.equal(counted, String(workers * times), 'Expected the lock to keep workers apart');
}

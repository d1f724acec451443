import assert from 'node:assert/strict';
import type { EndOfWorker } from '../functions/ends.ts';
import type { Job, Measure, Readings, RunOptions, Subject } from '../harness/subject.ts';
import { places, waiting } from '../peers/isolation/contestants.ts';
import { burstSize, measureCalls } from '../peers/isolation/measure-calls.ts';
import { fileBytes, measureWaiting, waitMs, waitsAtOnce } from '../peers/isolation/measure-waiting.ts';
import {
  heapMB,
  limitMs,
  measureAnother,
  measureEnd,
  measureFirst,
  measureMemory,
  moreWorkers,
} from '../peers/isolation/measure-workers.ts';
import { openRuntime } from '../peers/isolation/open-runtime.ts';
import {
  countsAtOnce,
  countsFrom,
  measureCountdown,
  oneAfterAnother,
} from '../peers/mapping/measure-countdown.ts';

const ends: Readonly<Record<string, EndOfWorker>> = {
  'end-exit': 'exit',
  'end-throw': 'throw',
  'end-loop': 'loop',
  'end-heap': 'heap',
};

export default function subject({ quick }: RunOptions): Subject {
  const length = quick ? 'quick' : 'full';
  const inWords = (count: number) => count.toLocaleString('en-US');
  const calls = 'a function that returns its argument';
  const counts = `${countsAtOnce} counts from ${inWords(countsFrom[length])} to zero`;
  const waits = `${waitsAtOnce[length]} that wait, all at once`;
  const worker = 'a worker';
  const end = 'a worker that comes to its end, until the next one has its first result';
  const measures: Measure[] = [
    { name: 'sequential', title: 'one after another', unit: 'µs', table: calls },
    { name: 'burst', title: `burst of ${inWords(burstSize)}`, unit: '/s', table: calls },
    { name: '1-mb', title: 'a Buffer of 1 MB, 4 in flight', unit: '/s', table: calls },
    { name: 'countdown', title: 'all of them', unit: 's', table: counts },
    {
      name: 'speedup',
      title: 'times as fast as one after another',
      unit: '×',
      table: counts,
      takenWith: 'countdown',
    },
    { name: 'timers', title: `for a timer of ${waitMs} ms`, unit: 's', table: waits },
    { name: 'server', title: `for a server that takes ${waitMs} ms`, unit: 's', table: waits },
    { name: 'files', title: `for a file of ${fileBytes / 1024} KB`, unit: 's', table: waits },
    { name: 'first', title: 'createRuntime, with one', unit: 'ms', table: worker },
    { name: 'another', title: 'one more, when it is needed', unit: 'ms', table: worker },
    // Resident memory can be told of a process alone, and shared pages not be told apart, but on Linux.
    ...(process.platform === 'linux'
      ? ([{ name: 'memory', title: 'its memory', unit: 'MB', table: worker }] satisfies Measure[])
      : []),
    { name: 'end-exit', title: 'process.exit()', unit: 'ms', table: end },
    { name: 'end-throw', title: 'an error that nobody catches', unit: 'ms', table: end },
    { name: 'end-loop', title: 'an endless loop, at its timeout', unit: 'ms', table: end },
    { name: 'end-heap', title: 'a full heap', unit: 'ms', table: end },
  ];
  return {
    title: 'the same functions in processes, in threads, and in the program itself',
    measures,
    contestants: places,
    rounds: { full: 5, quick: 1 },
    notes,
    measure,
  };
}

async function measure(job: Job): Promise<number | Readings> {
  const place = places.find(({ name }) => name === job.contestant);
  assert.ok(place, `Expected a contestant, got \`${job.contestant}\``);
  const { pool } = place;
  if (waiting().includes(job.measure)) return measureWaiting(job.measure, pool, job);
  if (job.measure === 'countdown') return measureCounts(pool, job);
  if (!pool || ['sequential', 'burst', '1-mb'].includes(job.measure))
    return measureCalls(job.measure, pool, job);
  const { kind } = pool;
  const how = ends[job.measure];
  if (how) return measureEnd(how, kind, job);
  if (job.measure === 'memory') return measureMemory(kind, job);
  return job.measure === 'first' ? measureFirst(kind, job) : measureAnother(kind, job);
}

async function measureCounts(pool: (typeof places)[number]['pool'], job: Job): Promise<Readings> {
  if (!pool) return measureCountdown(oneAfterAnother, job);
  const { kind, workers } = pool;
  const runtime = await openRuntime(job, { min: workers, max: workers, isolation: kind });
  const countAll = (from: readonly number[]) =>
    Promise.all(from.map((each) => runtime.invoke('countdown', each)));
  const readings = await measureCountdown(countAll, job);
  await runtime.close();
  return readings;
}

const notes: readonly string[] = [
  'Calls, counts and waits: the workers are up, and have done the same before. No pool: the same function, called in the program.',
  'Waits: the time until all have what they waited for. The server is in the program, which has nothing else to do; of the file ' +
    'the system has the content in memory.',
  'A worker, with the functions of the benchmarks: from createRuntime, the library being loaded, until one is warm; then, with one ' +
    'that is busy, from a call until its result, a second after the start, when a pool of processes has one in reserve; and what each of ' +
    `${moreWorkers} more adds to the memory of the program and its processes (Pss: what some share is counted in parts).`,
  `Its end: from the call that ends the only worker until the result of a call that waits behind it. The loop has a timeout and ` +
    `a killGrace of ${limitMs} ms each, which are in the figure; the heap is limited to ${heapMB} MB, and the time to fill it is in the figure.`,
];

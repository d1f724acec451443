import assert from 'node:assert/strict';
import type { Job, Measure, Readings, RunOptions, Subject, Unit } from '../harness/subject.ts';
import { type WatcherContestant, watcherContestants } from '../peers/watchers/contestants.ts';
import { type Limits, measureLanding } from '../peers/watchers/measure-landing.ts';
import { inboxIn, preparedIn } from '../peers/watchers/prepared.ts';
import type { WatcherOptions } from '../peers/watchers/watcher.ts';

const defaultSizes = { full: [0, 1_000, 20_000, 100_000], quick: [0, 1_000] };

// Those that need a second or two for each file are given 2 s, and one file at least.
const landings: Readonly<Record<'full' | 'quick', Limits>> = {
  full: { least: 1, most: 12, ms: 2_000 },
  quick: { least: 1, most: 4, ms: 500 },
};
const photosOfEachWay: Readonly<Record<'full' | 'quick', Limits>> = {
  full: { least: 1, most: 5, ms: 4_000 },
  quick: { least: 1, most: 2, ms: 1_000 },
};
const largestWarmUp = 1_000;

/** What is measured with each number of files: a table, with a column for each number. */
interface Kind {
  readonly name: string;
  readonly title: string;
  readonly unit: Unit;
  /** The kind that is measured by the same process. */
  readonly takenWith?: string;
  /** Measured of warm-pool alone. */
  readonly oursAlone?: true;
  /** Measured of those that tell of a file only when all of it is there. */
  readonly needsWhole?: true;
  /** Nothing to measure in an empty folder. */
  readonly needsFiles?: true;
}

const kinds: readonly Kind[] = [
  { name: 'event', title: 'a file lands → event', unit: 'ms' },
  { name: 'ready', title: 'start, all files known → ready', unit: 's', takenWith: 'event' },
  {
    name: 'first-event',
    title: 'start, all files known → event of a file that lands when it is ready',
    unit: 's',
    takenWith: 'event',
  },
  { name: 'memory', title: 'resident memory that watching adds', unit: 'MB', takenWith: 'event' },
  { name: 'thumbnails', title: 'photo renamed in → six thumbnails', unit: 'ms' },
  {
    name: 'thumbnails-copied',
    title: 'photo copied in → six thumbnails',
    unit: 'ms',
    takenWith: 'thumbnails',
    needsWhole: true,
  },
  {
    name: 'processing',
    title: 'photo → six thumbnails, by runtime.invoke',
    unit: 'ms',
    takenWith: 'thumbnails',
    oursAlone: true,
  },
  {
    name: 'renamed',
    title: 'photo renamed in → six thumbnails, beyond runtime.invoke',
    unit: 'ms',
    takenWith: 'thumbnails',
    oursAlone: true,
  },
  {
    name: 'copied',
    title: 'photo copied in → six thumbnails, beyond runtime.invoke',
    unit: 'ms',
    takenWith: 'thumbnails',
    oursAlone: true,
  },
  {
    name: 'processed',
    title: 'first start, no file known → all processed by a function that does nothing',
    unit: 's',
    oursAlone: true,
    needsFiles: true,
  },
  {
    name: 'stall',
    title: 'the longest stall of the event loop during that',
    unit: 'ms',
    takenWith: 'processed',
    oursAlone: true,
    needsFiles: true,
  },
];

export default function subject({ quick, files }: RunOptions): Subject {
  const sizes = files ?? defaultSizes[quick ? 'quick' : 'full'];
  const columnsOf = (kind: Kind) =>
    sizes.filter((size) => size > 0 || !kind.needsFiles).map((size) => columnOf(kind, size));
  const measuresOf = ({ ours, tellsOfWhole }: WatcherContestant) =>
    kinds
      .filter(({ oursAlone, needsWhole }) => (ours || !oursAlone) && (tellsOfWhole || !needsWhole))
      .flatMap(columnsOf)
      .map(({ name }) => name);
  return {
    title: 'a file lands in a folder that has others in it',
    measures: kinds.flatMap(columnsOf),
    contestants: watcherContestants.map((contestant) => ({
      ...contestant,
      measures: measuresOf(contestant),
    })),
    rounds: { full: 3, quick: 1 },
    notes,
    prepare: async (prepared, { signal }) => {
      const { prepare } = await import('../peers/watchers/prepare.ts');
      return [await prepare(prepared, { sizes, signal })];
    },
    measure,
  };
}

const notes: readonly string[] = [
  'One flat folder. The files in it are JPEGs of some hundred bytes, known to the watcher: warm-pool has receipts of ' +
    'them, chokidar is told to ignore what is there at its start (ignoreInitial), @parcel/watcher does so anyway.',
  'Event: the function runs, in a worker; of the peers, the callback is called. The file, a whole JPEG, is renamed in ' +
    'by another process while the watcher has nothing else to do. warm-pool has looked whether the file is complete; ' +
    'of the others awaitWriteFinish alone waits for that.',
  'Ready: from `createRuntime`, with its workers, to the end of `start()`; of the peers, until they say so.',
  "Memory: of the watcher's process (workers not included), when it has come to rest, beyond what it had just before it began to watch.",
  'Thumbnails: by the function that comes with warm-pool, in warm workers, until all six files have their names. For the ' +
    'peers, their callback calls `runtime.invoke`. Renamed in: from just before the rename. Copied in: from the last ' +
    'byte; it is written in pieces of 128 KB, the first of which chokidar and @parcel/watcher tell of by themselves. ' +
    'The ways take turns, in one process; beyond runtime.invoke is the difference of neighbours.',
];

function columnOf({ name, title, unit, takenWith }: Kind, size: number): Measure {
  return {
    name: `${name}-${size}`,
    title: size === 0 ? 'empty folder' : `${size.toLocaleString('en-US')} files`,
    unit,
    table: title,
    takenWith: takenWith && `${takenWith}-${size}`,
    // The same code as with fewer files, for up to a minute; the files themselves have just been written.
    skipsWarmUp: size > largestWarmUp,
  };
}

async function measure(job: Job): Promise<Readings> {
  const [, kind, digits] = /^(.+)-(\d+)$/.exec(job.measure) ?? [];
  const size = Number(digits);
  const take = measurements[kind as keyof typeof measurements];
  const options = { ...inboxIn(job.prepared, size), folder: job.folder, build: job.build };
  const readings = await take(options, job);
  return Object.fromEntries(Object.entries(readings).map(([name, reading]) => [`${name}-${size}`, reading]));
}

/** By the kind that leads: readings of it and of those that are taken with it. */
const measurements = { event: takeLanding, thumbnails: takeThumbnails, processed: takeFirstStart };

async function takeLanding(options: WatcherOptions, { contestant, prepared, quick }: Job): Promise<Readings> {
  const watcher = contestantOf(contestant);
  const { eventMs, readyMs, firstEventMs, addedBytes } = await measureLanding(watcher, options, {
    smallPhoto: preparedIn(prepared).smallPhoto,
    limits: landings[quick ? 'quick' : 'full'],
  });
  return {
    event: eventMs,
    ready: readyMs / 1000,
    'first-event': firstEventMs / 1000,
    memory: addedBytes / 2 ** 20,
  };
}

// These two load libraries that the memory of a watcher is not to be measured beside.
async function takeThumbnails(
  options: WatcherOptions,
  { contestant, prepared, quick }: Job,
): Promise<Readings> {
  const { measureThumbnails } = await import('../peers/watchers/measure-thumbnails.ts');
  const { invoked, renamed, copied } = await measureThumbnails(contestantOf(contestant), options, {
    photo: preparedIn(prepared).photo,
    limits: photosOfEachWay[quick ? 'quick' : 'full'],
  });
  const readings = { thumbnails: renamed.median, ...(copied && { 'thumbnails-copied': copied.median }) };
  if (contestant !== 'warm-pool' || !copied) return readings;
  return {
    ...readings,
    processing: invoked.median,
    renamed: renamed.beyondInvoked,
    copied: copied.beyondInvoked,
  };
}

async function takeFirstStart(options: WatcherOptions): Promise<Readings> {
  const { measureFirstStart } = await import('../peers/watchers/measure-first-start.ts');
  const { processedMs, stallMs } = await measureFirstStart(options);
  return { processed: processedMs / 1000, stall: stallMs };
}

function contestantOf(name: string): WatcherContestant {
  const contestant = watcherContestants.find((each) => each.name === name);
  assert.ok(contestant, `Expected a contestant, got \`${name}\``);
  return contestant;
}

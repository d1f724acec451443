import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Runtime } from '../../../dist/runtime/index.js';
import { wallClock } from '../../functions/_clock.ts';
import { rotated, spreadOf } from '../../harness/statistics.ts';
import { boxes } from '../thumbnails/photo-pool.ts';
import { assertThumbnails } from '../thumbnails/verify.ts';
import type { WatcherContestant } from './contestants.ts';
import { inTime } from './deadline.ts';
import { type Lander, startLander } from './lander.ts';
import type { Limits } from './measure-landing.ts';
import { provideReceipts } from './receipts.ts';
import { createRuntime, workers } from './runtime.ts';
import { untilQuiet } from './until-quiet.ts';
import type { WatcherOptions } from './watcher.ts';

/** What is read of photos that come to the function in one way: medians of some, in ms, until all thumbnails are in place. */
export interface WayReadings {
  /** From the landing, or from the call. */
  readonly median: number;
  /** How much longer that is than `runtime.invoke` takes, which was called just before or after. */
  readonly beyondInvoked: number;
}

export interface ThumbnailReadings {
  /** The function alone, invoked for the photo. */
  readonly invoked: WayReadings;
  /** For a photo that is renamed into the inbox. */
  readonly renamed: WayReadings;
  /** For one that is copied into it; not of a watcher that tells of it too early. */
  readonly copied?: WayReadings;
}

/**
 * Has thumbnails made of what lands in the inbox, all of whose files are known: by the trigger of a runtime, or by one
 * that a peer's callback calls.
 */
export async function measureThumbnails(
  contestant: WatcherContestant,
  options: WatcherOptions,
  { photo, limits }: { readonly photo: string; readonly limits: Limits },
): Promise<ThumbnailReadings> {
  const { folder, inbox } = options;
  const invoked = path.join(folder, 'invoked');
  const waiting = path.join(folder, 'waiting');
  await mkdir(waiting);
  await Promise.all([invoked, inbox].map(makeThumbnailFolders));
  const lander = await startLander();
  const setting = contestant.ours ? await startTrigger(options) : await startPeer(contestant, options);
  const stage: Stage = {
    ...setting,
    lander,
    photo,
    waiting,
    ways: contestant.tellsOfWhole ? ['invoke', 'rename', 'copy'] : ['invoke', 'rename'],
    targets: { invoke: invoked, rename: inbox, copy: inbox },
  };
  try {
    await warmUp(stage);
    await untilQuiet(windowsAfterStart);
    return await measureWays(stage, limits);
  } finally {
    const landed = Array.from({ length: limits.most + 1 }, (_, round) =>
      ['rename', 'copy'].map((way) => nameOf(way, round)),
    );
    await Promise.all(landed.flat().map((name) => rm(path.join(inbox, name), { force: true })));
    await rm(path.join(inbox, 'thumbnails'), { recursive: true });
  }
}

/** Who has thumbnails made. */
interface Setting {
  readonly runtime: Runtime;
  /** To be called before a photo lands. */
  expect(photo: string): void;
}

async function startTrigger(options: WatcherOptions): Promise<Setting> {
  await provideReceipts(options);
  const runtime = await createRuntime(options, {
    functions: path.join(options.build, 'functions'),
    reaction: { invoke: 'thumbnail', args: ({ path: src }) => ({ src }) },
  });
  await runtime.start();
  return { runtime, expect() {} };
}

async function startPeer(contestant: WatcherContestant, options: WatcherOptions): Promise<Setting> {
  const begin = await contestant.load(options);
  const runtime = await createRuntime(options, { functions: path.join(options.build, 'functions') });
  await runtime.start();
  const watcher = await begin();
  return {
    runtime,
    expect(src) {
      // A failure is seen by the missing thumbnails; its reason goes to the report.
      void watcher.told(path.basename(src)).then(() => runtime.invoke('thumbnail', { src }));
    },
  };
}

/** How a photo comes to the function. */
type Way = 'invoke' | 'rename' | 'copy';

interface Stage extends Setting {
  readonly lander: Lander;
  readonly photo: string;
  /** Where photos are until they land. */
  readonly waiting: string;
  readonly ways: readonly Way[];
  /** Where they land; beside them their thumbnails are made, in folders that are there. */
  readonly targets: Readonly<Record<Way, string>>;
}

async function measureWays(stage: Stage, { least, most, ms }: Limits): Promise<ThumbnailReadings> {
  const { ways, targets } = stage;
  const durations: Record<Way, number[]> = { invoke: [], rename: [], copy: [] };
  let start = performance.now();
  let round = 0;
  do {
    for (const way of rotated(ways, round)) {
      const duration = await timeOf(way, nameOf(way, round), stage);
      // The first of each way is the first of its kind for the watcher, too.
      if (round > 0) durations[way].push(duration);
      await untilQuiet(1);
    }
    if (round === 0) start = performance.now();
    round += 1;
  } while (round <= least || (round <= most && performance.now() - start < ms));
  for (const way of ways) await assertThumbnails(path.join(targets[way], nameOf(way, round - 1)));
  const readingsOf = (way: Way) => ({
    median: spreadOf(durations[way]).median,
    beyondInvoked: spreadOf(
      durations[way].map((duration, index) => duration - (durations.invoke[index] as number)),
    ).median,
  });
  return {
    invoked: readingsOf('invoke'),
    renamed: readingsOf('rename'),
    ...(ways.includes('copy') && { copied: readingsOf('copy') }),
  };
}

/** From the moment at which a photo is there, or the function is invoked for it, until all its thumbnails are. */
async function timeOf(way: Way, name: string, stage: Stage): Promise<number> {
  const { runtime, lander, photo, waiting, targets } = stage;
  const folder = targets[way];
  const [from, to] = [path.join(waiting, name), path.join(folder, name)];
  await copyFile(photo, way === 'invoke' ? to : from);
  await lander.expect(boxes.map((box) => path.join(thumbnailFolder(folder, box), name)));

  const start = wallClock();
  if (way === 'invoke') await runtime.invoke('thumbnail', { src: to });
  else {
    stage.expect(to);
    lander.land(way, from, to);
  }
  const placedAt = await inTime(lander.placedAt(), `the thumbnails of ${name}`);
  return placedAt - (way === 'invoke' ? start : await lander.landedAt());
}

// Each worker has loaded its libraries and made thumbnails.
async function warmUp({ runtime, photo, targets }: Stage): Promise<void> {
  const photos = Array.from({ length: 2 * workers }, (_, index) =>
    path.join(targets.invoke, `warm-up-${index}.jpg`),
  );
  await Promise.all(photos.map((src) => copyFile(photo, src)));
  await Promise.all(photos.map((src) => runtime.invoke('thumbnail', { src })));
}

async function makeThumbnailFolders(folder: string): Promise<void> {
  await Promise.all(boxes.map((box) => mkdir(thumbnailFolder(folder, box), { recursive: true })));
}

function thumbnailFolder(folder: string, box: number): string {
  return path.join(folder, 'thumbnails', `${box}x${box}`);
}

function nameOf(way: string, round: number): string {
  return `photo-${way}-${round}.jpg`;
}

// A scan that goes on in the background waits for the disk at times.
const windowsAfterStart = 5;

import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Runtime } from '../../../dist/runtime/index.js';
import { wallClock } from '../../functions/_clock.ts';
import { rotated, spreadOf } from '../../harness/statistics.ts';
import { boxes } from '../thumbnails/photo-pool.ts';
import { assertThumbnails } from '../thumbnails/verify.ts';
import { inTime } from './deadline.ts';
import { type Lander, startLander } from './lander.ts';
import { provideReceipts } from './receipts.ts';
import { createRuntime, workers } from './runtime.ts';
import { untilQuiet } from './until-quiet.ts';
import type { WatcherOptions } from './watcher.ts';

/** What is read of a photo that lands, in ms: medians of some. */
export interface ThumbnailReadings {
  /** The function alone, invoked for the photo: from the call until all thumbnails are in place. */
  readonly processing: number;
  /** How much longer it takes from the landing until all are in place, for a photo that is renamed into the inbox. */
  readonly renamed: number;
  /** The same for one that is copied into it. */
  readonly copied: number;
}

/** Starts a runtime that makes thumbnails of what lands in the inbox, all of whose files are known to it. */
export async function measureThumbnails(
  options: WatcherOptions,
  { photo, times }: { readonly photo: string; readonly times: number },
): Promise<ThumbnailReadings> {
  const { folder, inbox, build } = options;
  const invoked = path.join(folder, 'invoked');
  const waiting = path.join(folder, 'waiting');
  await mkdir(waiting);
  await Promise.all([invoked, inbox].map(makeThumbnailFolders));
  await provideReceipts(options);
  const lander = await startLander();
  const runtime = await createRuntime(options, {
    functions: path.join(build, 'functions'),
    invoke: 'thumbnail',
    args: ({ path: src }) => ({ src }),
  });
  const stage: Stage = {
    runtime,
    lander,
    photo,
    waiting,
    targets: { invoke: invoked, rename: inbox, copy: inbox },
  };
  try {
    await runtime.start();
    await warmUp(stage);
    await untilQuiet(windowsAfterStart);
    return await measureWays(stage, times);
  } finally {
    const landed = Array.from({ length: times + 1 }, (_, round) =>
      ['rename', 'copy'].map((way) => nameOf(way, round)),
    );
    await Promise.all(landed.flat().map((name) => rm(path.join(inbox, name), { force: true })));
    await rm(path.join(inbox, 'thumbnails'), { recursive: true });
  }
}

const ways = ['invoke', 'rename', 'copy'] as const;
/** How a photo comes to the function. */
type Way = (typeof ways)[number];

interface Stage {
  readonly runtime: Runtime;
  readonly lander: Lander;
  readonly photo: string;
  /** Where photos are until they land. */
  readonly waiting: string;
  /** Where they land; beside them their thumbnails are made, in folders that are there. */
  readonly targets: Readonly<Record<Way, string>>;
}

async function measureWays(stage: Stage, times: number): Promise<ThumbnailReadings> {
  const durations: Record<Way, number[]> = { invoke: [], rename: [], copy: [] };
  for (let round = 0; round <= times; round += 1) {
    for (const way of rotated(ways, round)) {
      const ms = await timeOf(way, nameOf(way, round), stage);
      // The first of each way is the first of its kind for the trigger, too.
      if (round > 0) durations[way].push(ms);
      await untilQuiet(1);
    }
  }
  for (const way of ways) await assertThumbnails(path.join(stage.targets[way], nameOf(way, times)));
  const beyondProcessing = (list: number[]) =>
    list.map((ms, index) => ms - (durations.invoke[index] as number));
  return {
    processing: spreadOf(durations.invoke).median,
    renamed: spreadOf(beyondProcessing(durations.rename)).median,
    copied: spreadOf(beyondProcessing(durations.copy)).median,
  };
}

/** From the moment at which a photo is there, or the function is invoked for it, until all its thumbnails are. */
async function timeOf(
  way: Way,
  name: string,
  { runtime, lander, photo, waiting, targets }: Stage,
): Promise<number> {
  const folder = targets[way];
  const [from, to] = [path.join(waiting, name), path.join(folder, name)];
  await copyFile(photo, way === 'invoke' ? to : from);
  await lander.expect(boxes.map((box) => path.join(thumbnailFolder(folder, box), name)));

  const start = wallClock();
  if (way === 'invoke') await runtime.invoke('thumbnail', { src: to });
  else lander.land(way, from, to);
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

import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { wallClock } from '../../functions/_clock.ts';
import { spreadOf } from '../../harness/statistics.ts';
import type { WatcherContestant } from './contestants.ts';
import { inTime } from './deadline.ts';
import { type Lander, startLander } from './lander.ts';
import { untilQuiet } from './until-quiet.ts';
import type { Watcher, WatcherOptions } from './watcher.ts';

/** What is read of a watcher from its start on. */
export interface LandingReadings {
  /** From the start until the watcher says that it is ready. */
  readonly readyMs: number;
  /** From the start until it tells of the first file that lands once it is ready. */
  readonly firstEventMs: number;
  /** What watching has added to the resident memory, when everything has come to rest. */
  readonly addedBytes: number;
  /** From the landing of a file until the watcher tells of it: the median of some. */
  readonly eventMs: number;
}

/** Starts a watcher on an inbox, all of whose files are known to it, and has small files land in it. */
export async function measureLanding(
  contestant: WatcherContestant,
  options: WatcherOptions,
  { smallPhoto, limits }: { readonly smallPhoto: string; readonly limits: Limits },
): Promise<LandingReadings> {
  const names = Array.from({ length: limits.most + 1 }, (_, index) => `landed-${index}.jpg`);
  const outside = path.join(options.folder, 'outside');
  await mkdir(outside);
  await Promise.all(names.map((name) => copyFile(smallPhoto, path.join(outside, name))));
  const lander = await startLander();
  const begin = await contestant.load(options);
  try {
    const began = wallClock();
    const watcher = await begin();
    const ready = wallClock();
    const landing = { lander, watcher, from: outside, to: options.inbox };
    const [firstName, ...others] = names as [string, ...string[]];
    const { toldAt } = await land(firstName, landing);
    await untilQuiet(windowsAfterStart);
    const addedBytes = process.memoryUsage.rss() - watcher.residentBefore;
    const delays = await landAll(others, landing, limits);
    return {
      readyMs: ready - began,
      firstEventMs: toldAt - began,
      addedBytes,
      eventMs: spreadOf(delays).median,
    };
  } finally {
    await Promise.all(names.map((name) => rm(path.join(options.inbox, name), { force: true })));
  }
}

/** How many files land. Slow watchers are given fewer: no more than `least` after `ms`. */
export interface Limits {
  readonly least: number;
  readonly most: number;
  readonly ms: number;
}

interface Landing {
  readonly lander: Lander;
  readonly watcher: Watcher;
  readonly from: string;
  readonly to: string;
}

async function landAll(names: readonly string[], landing: Landing, { least, ms }: Limits): Promise<number[]> {
  const delays: number[] = [];
  const start = performance.now();
  for (const name of names) {
    if (delays.length >= least && performance.now() - start > ms) break;
    const { landedAt, toldAt } = await land(name, landing);
    delays.push(toldAt - landedAt);
    // Each file lands for itself: after what the one before it made the watcher do.
    await untilQuiet(1);
  }
  return delays;
}

async function land(name: string, { lander, watcher, from, to }: Landing) {
  const told = watcher.told(name);
  lander.land('rename', path.join(from, name), path.join(to, name));
  const toldAt = await inTime(told, `to be told of ${name}`);
  const landedAt = await lander.landedAt();
  if (toldAt < landedAt) throw new Error(`told of ${name} ${landedAt - toldAt} ms before it landed`);
  return { landedAt, toldAt };
}

// A scan that goes on in the background waits for the disk at times.
const windowsAfterStart = 5;

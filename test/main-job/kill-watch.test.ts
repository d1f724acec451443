import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../channel/support-random.ts';
import { thumbnailsOf } from '../support/inbox.ts';
import { realPhotos, skippedWithoutPhotos } from '../support/photos.ts';
import { makeProject } from '../support/project.ts';
import { countsOf, receiptsIn } from '../support/status.ts';
import { until } from '../support/wait.ts';
import { type Content, makeContents } from './support-contents.ts';
import { Killer } from './support-killer.ts';
import { Landings } from './support-landing.ts';
import { type Landing, Plan } from './support-plan.ts';
import { notingFiles, Runs, workerCount } from './support-runs.ts';

/**
 * How many photos land. More of them find rarer things, as in `POOL_KILL_PHOTOS=2000 node test/run.js
 * --test-timeout=3600000 main-job/kill-watch`, which takes a quarter of an hour. A failure tells its seed: with
 * `POOL_KILL_SEED` the same photos land and the same is killed, as far as the machine lets it.
 */
const count = Number(process.env.POOL_KILL_PHOTOS ?? 120);
const seed = Number(process.env.POOL_KILL_SEED ?? Date.now() % 1_000_000);

/** So many photos to a kill. */
const photosPerKill = 12;

/** Between two bursts. */
const longestPauseMs = 3_000;
const pauses = new Random(seed + 2);

/** For all that landed, at the most. */
const longestBacklogMs = 60_000 + count * 200;

/** How long what chance has left out is tried again. */
const longestTriesMs = 120_000;

test(`workers and runtimes killed while ${count} photos land: each photo ends with the thumbnails of its last content`, async (t) => {
  if (realPhotos === undefined) t.diagnostic(`none of them is a camera's: ${skippedWithoutPhotos}`);
  const project = makeProject(t, notingFiles());
  const [dataDir, inbox] = [project.path('.pool'), project.path('inbox')];
  for (const folder of ['inbox', 'staging']) fs.mkdirSync(project.path(folder));
  const contents = await makeContents(project.path('contents'), new Random(seed), 24);
  const runs = new Runs(project);
  const landings = new Landings({ project, runs, longestBacklogMs });
  const killer = new Killer({ test: t, project, random: new Random(seed + 1) });
  try {
    await killer.start();
    await landAndKill(landings, killer, new Plan(new Random(seed), contents));

    const { expected } = landings;
    const isSettled = async () => {
      // Of what was deleted while nothing ran, receipts remain for a while.
      const { done = 0, queued, running, waiting, held } = await countsOf(dataDir);
      return done >= expected.size && !queued && !running && !waiting && !held;
    };
    let wrong: string[] = ['not settled'];
    await until(
      'the thumbnails of all photos',
      async () => {
        if (await isSettled()) wrong = [...findWrong(inbox, expected), ...findUnexpected(inbox, landings)];
        return wrong.length === 0;
      },
      longestBacklogMs,
    ).catch(async (error: Error) => {
      const counts = JSON.stringify(await countsOf(dataDir));
      throw new Error(`${error.message} (${expected.size} photos, ${counts})\n${wrong.join('\n')}`);
    });
    assert.equal(await killer.stop(), 0);

    // As it was settled, no run was to come any more.
    assert.deepEqual([...findWrong(inbox, expected), ...findUnexpected(inbox, landings)], []);
    checkReceipts(dataDir, landings);
    const { repeated } = runs;
    const [happened, missing] = [happenedIn(landings, killer), missingIn(landings, killer)];
    const told = [...happened].map(([what, times]) => `${times} × ${what}`);
    t.diagnostic(
      `${runs.all.length} runs, ${runs.cutShort.length} of them cut short and ${repeated.length} repeated, ` +
        `${killer.kills.length} kills, ${expected.size} photos; ${told.join(', ')}`,
    );
    assert.deepEqual(missing, [], 'this has not happened, so nothing is known of it');
    assert.ok(runs.cutShort.length >= killer.killedWriting, 'workers that wrote were killed, and no run was');
    assert.ok(
      repeated.length <= killer.kills.length * workerCount,
      `${repeated.length} runs were repeated, with ${killer.kills.length} kills of ${workerCount} workers`,
    );
  } catch (error) {
    const message = `with POOL_KILL_SEED=${seed} POOL_KILL_PHOTOS=${count}: ${(error as Error).message}`;
    throw new Error(message, { cause: error });
  }
});

/** How often happened what the test is about. */
function happenedIn(landings: Landings, killer: Killer): ReadonlyMap<string, number> {
  return new Map([
    ...[...landings.landed].map(([way, times]) => [`landed by ${way}`, times] as const),
    ['overwritten while being processed', landings.overwrittenWhileProcessed],
    ['deleted while queued', landings.deletedWhileQueued],
    ['worker killed while writing', killer.killedWriting],
    ['runtime killed with photos in hand', killer.killedAtWork],
  ]);
}

function missingIn(landings: Landings, killer: Killer): string[] {
  return [...happenedIn(landings, killer)].filter(([, times]) => times === 0).map(([what]) => what);
}

/** Until all has landed, all has happened that should, and so much was killed. */
async function landAndKill(landings: Landings, killer: Killer, plan: Plan): Promise<void> {
  let [isPlanned, isLanding] = [true, true];
  const land = async () => {
    await landInBursts(landings, plan.bursts(count));
    isPlanned = false;
    // What chance has left out is tried again, with other photos.
    for (const end = performance.now() + longestTriesMs; performance.now() < end; ) {
      if (missingIn(landings, killer).length === 0) break;
      await landInBursts(landings, [plan.eventfulBurst()]);
    }
  };
  const kill = async () => {
    while (isLanding || killer.kills.length < count / photosPerKill) {
      const isWriterMissing = !isPlanned && killer.killedWriting === 0;
      await killer.kill(isWriterMissing && isLanding ? 'writing worker' : undefined);
    }
  };
  const landed = land().finally(() => {
    isLanding = false;
  });
  const both = [landed, kill()];
  // Neither goes on when the test is over.
  await Promise.allSettled(both);
  await Promise.all(both);
}

/** A burst doesn't wait for the one before. */
async function landInBursts(landings: Landings, bursts: readonly (readonly Landing[])[]): Promise<void> {
  const all: Promise<void>[] = [];
  for (const burst of bursts) {
    all.push(Promise.all(burst.map((landing) => landings.land(landing))).then(() => {}));
    const pause = delay(pauses.below(longestPauseMs));
    // What fails ends it at once.
    await Promise.race([Promise.all(all).then(() => pause), pause]);
  }
  await Promise.all(all);
}

/** Photos that don't have their six thumbnails, or whose thumbnails are not those of their last content. */
function findWrong(inbox: string, expected: ReadonlyMap<string, Content>): string[] {
  const wrong: string[] = [];
  for (const [file, { thumbnails }] of expected) {
    for (const [index, thumbnail] of thumbnailsOf(file).entries()) {
      const place = path.join(inbox, thumbnail);
      if (!fs.existsSync(place)) wrong.push(`${thumbnail} is missing`);
      else if (!fs.readFileSync(place).equals(thumbnails[index] as Buffer))
        wrong.push(`${thumbnail} is not that of the photo's last content`);
    }
  }
  return wrong;
}

/** Files that are neither photos nor thumbnails, such as temporary ones. Thumbnails of photos that were deleted may remain: nobody removes them. */
function findUnexpected(inbox: string, { expected, deleted }: Landings): string[] {
  const known = new Set([
    ...expected.keys(),
    ...[...expected.keys(), ...deleted].flatMap((file) => thumbnailsOf(file)),
  ]);
  return fs
    .readdirSync(inbox, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(inbox, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((file) => !known.has(file))
    .map((file) => `${file} is left over`);
}

/** Each photo is written down as done, in the version that is there, and nothing as anything else. */
function checkReceipts(dataDir: string, landings: Landings): void {
  const receipts = receiptsIn(dataDir, 'photos');
  for (const file of landings.deleted) {
    assert.ok(['done', 'gone', undefined].includes(receipts.get(file)?.name), `${file} was deleted`);
    receipts.delete(file);
  }
  const versions = [...landings.expected.keys()].map((file) => {
    const { dev, ino, size, mtimeNs } = fs.lstatSync(landings.place(file), { bigint: true });
    return [file, { name: 'done', key: `${dev}:${ino}:${size}:${mtimeNs}` }] as const;
  });
  assert.deepEqual(receipts, new Map(versions));
}

import assert from 'node:assert/strict';
import { renameSync, rmSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { fileOf, filesOf, Watch } from './support-watch.ts';

const succeed = () => undefined;
const timings = { absence: 20, firstPause: 20, longestPause: 50 };

/** A watched folder with nine files in line, of which four are in the hands of the pool, that is moved away. */
async function startAndTakeAway(t: TestContext): Promise<{ watch: Watch; names: string[] }> {
  const watch = await Watch.start(t, { concurrency: 1, options: { existing: false }, timings });
  const names = Array.from({ length: 9 }, (_, index) => `${index}.jpg`);
  for (const name of names) {
    watch.land(name);
    await watch.pool.line('debug', new RegExp(`^${name} is complete`));
  }
  // What is in line for longer is looked at once more before it is handed in.
  const landed = performance.now();
  await until('all have waited for a while', () => performance.now() - landed > 200);
  renameSync(watch.inbox, join(watch.root, 'away'));
  await watch.pool.line('warn', /inbox is gone/);
  return { watch, names };
}

function bringBack(watch: Watch): void {
  renameSync(join(watch.root, 'away'), watch.inbox);
}

test('what is in line when the watched folder goes away is in line when it comes back, in its order', async (t) => {
  const { watch, names } = await startAndTakeAway(t);
  watch.pool.handler = succeed;
  for (const call of [...watch.pool.calls]) call.succeed();
  await until('what ran is done', () => watch.pool.context.store.counts().done === 4);
  // Long enough to try for the next file several times.
  const store = watch.pool.context.store;
  let tries = 0;
  let before = 0;
  await until('it was tried', () => {
    const running = store.counts().running ?? 0;
    if (running !== before) tries += 1;
    before = running;
    return tries > 2;
  });
  assert.equal(watch.pool.calls.length, 4, 'nothing is handed in meanwhile');
  bringBack(watch);
  await until('all are done', () => watch.pool.linesLike('info', /^work /).length === 9);
  assert.deepEqual(filesOf(watch.pool), names);
});

test('also when the program is stopped meanwhile, and takes up nothing that it does not know', async (t) => {
  const { watch, names } = await startAndTakeAway(t);
  for (const call of [...watch.pool.calls]) call.succeed();
  await until('what ran is done', () => watch.pool.context.store.counts().done === 4);
  await watch.trigger.stop();
  await watch.pool.kept();
  bringBack(watch);
  const again = await Watch.start(t, { after: watch, handler: succeed, options: { existing: false } });
  await until('the others are done', () => again.pool.linesLike('info', /^work /).length === 5);
  assert.deepEqual(filesOf(again.pool), names.slice(4));
});

test('a function that throws while the watched folder is away costs the file none of its attempts', async (t) => {
  const watch = await Watch.start(t, { options: { attempts: 1 }, timings: { ...timings, youngAge: 0 } });
  watch.land('a.jpg');
  const call = await watch.pool.next();
  renameSync(watch.inbox, join(watch.root, 'away'));
  await watch.pool.line('warn', /inbox is gone/);
  call.fail(new Error('ENOENT: no such file'));
  await watch.pool.line('debug', /work failed on a\.jpg .* while inbox is gone/);
  bringBack(watch);
  const next = await watch.pool.next();
  assert.equal(fileOf(next), 'a.jpg');
  next.succeed();
  await watch.pool.line('info', /^work a\.jpg/);
  assert.deepEqual(watch.pool.linesLike('error'), []);
});

test('a file that was arriving when the watched folder went away, and did not come back with it, is forgotten', async (t) => {
  const watch = await Watch.start(t, {
    timings: { ...timings, firstRetry: 20, longestRetry: 50, sweep: 600_000 },
  });
  const files = await watch.trigger.openFiles({ root: watch.root, store: watch.pool.context.store });
  const counts = () => files.counts();
  watch.land('half.jpg', makeJpeg().subarray(0, 500));
  await until('it is arriving', () => counts().arriving === 1);
  const { lstat } = fsPromises;
  let missed = 0;
  t.mock.method(fsPromises, 'lstat', (...args: Parameters<typeof lstat>) =>
    lstat(...args).catch((error: unknown) => {
      missed += 1;
      throw error;
    }),
  );
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  renameSync(watch.inbox, join(watch.root, 'away'));
  await watch.pool.line('warn', /inbox is gone/);
  await until('it was looked for, again and again', () => missed > 3);
  rmSync(join(watch.root, 'away/half.jpg'));
  assert.deepEqual(counts(), { arriving: 1 });
  bringBack(watch);
  await until('it is forgotten', () => counts().arriving === undefined);
});

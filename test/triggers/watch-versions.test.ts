import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import type { WatchedFile } from '../../runtime/triggers/watch/watched-file.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { silenceWatchers } from './support-silence.ts';
import { fileOf, filesOf, publish, Watch } from './support-watch.ts';

const small = makeJpeg({ scanBytes: 1_000 });
const large = makeJpeg({ scanBytes: 9_000 });
const sizeOf = (args: unknown) => (args as WatchedFile).size;

test('a file that is overwritten while its function runs is handed in again with the newer content', async (t) => {
  const watch = await Watch.start(t);
  watch.land('photo.jpg', small);
  const first = await watch.pool.next();
  watch.land('photo.jpg', large);
  first.succeed();
  const second = await watch.pool.next();
  assert.equal(sizeOf(second.args), large.length);
  second.succeed();
  watch.land('fence.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
});

test('also when its function fails: the failure of the older content does not count', async (t) => {
  const watch = await Watch.start(t, { options: { attempts: 1 } });
  watch.land('photo.jpg', small);
  const first = await watch.pool.next();
  watch.land('photo.jpg', large);
  first.fail(new Error('of the older content'));
  assert.equal(sizeOf((await watch.pool.next()).args), large.length);
  assert.deepEqual(watch.pool.linesLike('error'), []);
});

test('events that leave the content as it is do not run the function again; a touch does', async (t) => {
  const watch = await Watch.start(t, { handler: () => undefined });
  watch.land('photo.jpg');
  await watch.pool.line('info', /work photo\.jpg/);
  chmodSync(watch.path('photo.jpg'), 0o600);
  watch.land('fence.jpg');
  await watch.pool.line('info', /work fence\.jpg/);
  assert.deepEqual(filesOf(watch.pool), ['photo.jpg', 'fence.jpg']);

  const later = new Date(Date.now() + 5_000);
  utimesSync(watch.path('photo.jpg'), later, later);
  await until('the touched file is handed in', () => watch.pool.calls.length === 3);
  assert.equal(filesOf(watch.pool)[2], 'photo.jpg');
});

test('one line is logged for each file, with its time and its outputs', async (t) => {
  const watch = await Watch.start(t, {
    handler: () => ({ outputs: [{ path: '/elsewhere/1.jpg' }, { path: '/elsewhere/2.jpg' }] }),
  });
  watch.land('photo.jpg');
  const line = await watch.pool.line('info', /photo\.jpg/);
  assert.match(line.message, /^work photo\.jpg: 2 outputs in \d+ ms$/);
  assert.equal(line.fields.file, 'photo.jpg');
  assert.equal(line.fields.outputs, 2);
  assert.equal(typeof line.fields.durationMs, 'number');
  watch.land('fence.jpg');
  await watch.pool.line('info', /fence\.jpg/);
  assert.equal(watch.pool.linesLike('info', /photo\.jpg/).length, 1);
});

test('a few files per worker are handed in, the rest wait and follow in the order in which they came', async (t) => {
  const watch = await Watch.start(t, { concurrency: 2 });
  watch.land('first.jpg');
  (await watch.pool.next()).succeed();
  await watch.pool.line('info', /work first\.jpg/);
  const names = Array.from({ length: 30 }, (_, index) => `${index}.jpg`);
  for (const name of names) {
    watch.land(name);
    await watch.pool.line('debug', new RegExp(`^${name} is complete`));
  }
  await until('files are handed in', () => watch.pool.calls.length >= 9);
  for (let done = 0; done < names.length; done += 1) {
    assert.ok(
      watch.pool.calls.filter((call) => !call.hasEnded).length <= 8,
      'at most four for each of two workers',
    );
    (await watch.pool.next()).succeed();
  }
  assert.deepEqual(filesOf(watch.pool).slice(1), names);
});

// Eight files fill the pool of two workers: what lands after them waits in the backlog.
async function fill(watch: Watch): Promise<void> {
  watch.land('first.jpg');
  const first = await watch.pool.next();
  first.succeed();
  await watch.pool.line('info', /first\.jpg/);
  for (let index = 1; index <= 8; index += 1) watch.land(`full-${index}.jpg`);
  await until('the pool is full', () => watch.pool.calls.length === 9);
}

async function finishAll(watch: Watch, count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) (await watch.pool.next()).succeed();
}

test('a file that is deleted in the backlog is never handed in, one that is overwritten there once', async (t) => {
  // Told by events alone: no file is looked at again when its turn comes.
  const watch = await Watch.start(t, { timings: { freshness: 600_000 } });
  await fill(watch);
  for (const name of ['deleted.jpg', 'overwritten.jpg']) {
    watch.land(name, small);
    await watch.pool.line('debug', new RegExp(`${name} is complete`));
  }
  rmSync(watch.path('deleted.jpg'));
  await watch.pool.line('debug', /deleted\.jpg is gone/);
  watch.land('overwritten.jpg', large);
  const isComplete = () => watch.pool.linesLike('debug', /overwritten\.jpg is complete/).length === 2;
  await until('the newer one is in line', isComplete);
  watch.land('fence.jpg');
  await finishAll(watch, 10);
  assert.deepEqual(filesOf(watch.pool).slice(9), ['overwritten.jpg', 'fence.jpg']);
  assert.equal(sizeOf(watch.pool.calls[9]?.args), large.length);
});

test('also when no event tells of it: a file is looked at again when its turn comes', async (t) => {
  silenceWatchers(t);
  const watch = await Watch.start(t, {
    timings: { freshness: 0 },
    prepare(inbox) {
      mkdirSync(inbox);
      for (let index = 0; index < 20; index += 1) writeFileSync(join(inbox, `${index}.jpg`), small);
    },
  });
  await until('the pool is full', () => watch.pool.calls.length === 8);
  await until('the others are in line', () => watch.pool.linesLike('debug', /is complete/).length === 20);
  const [deleted = '', overwritten = '', ...others] = readdirSync(watch.inbox).filter(
    (name) => !filesOf(watch.pool).includes(name),
  );
  rmSync(watch.path(deleted));
  watch.land(overwritten, large);
  await finishAll(watch, 8 + others.length + 1);
  assert.equal(filesOf(watch.pool).includes(deleted), false);
  const calls = watch.pool.calls.filter((call) => fileOf(call) === overwritten);
  assert.deepEqual(
    calls.map(({ args }) => sizeOf(args)),
    [large.length],
  );
});

test('a file that is deleted while it waits in the pool is cancelled, without a word in the log', async (t) => {
  const watch = await Watch.start(t);
  await fill(watch);
  const last = watch.pool.calls[8];
  assert.equal(last?.status, 'queued');
  rmSync(watch.path(fileOf(last)));
  await until('it is cancelled', () => last.status === 'cancelled');
  for (const level of ['warn', 'error'] as const) assert.deepEqual(watch.pool.linesLike(level), []);
});

test('a file that is overwritten while it waits in the pool runs once, with its newer content', async (t) => {
  const watch = await Watch.start(t);
  await fill(watch);
  const last = watch.pool.calls[8];
  assert.equal(last?.status, 'queued');
  const name = fileOf(last);
  watch.land(name, large);
  await until('the older one is cancelled', () => last.status === 'cancelled');
  await until(
    'the newer one is handed in',
    () => filesOf(watch.pool).filter((file) => file === name).length === 2,
  );
  assert.equal(sizeOf(watch.pool.calls.at(-1)?.args), large.length);
});

test('a file that is deleted while its function runs ends there', async (t) => {
  const watch = await Watch.start(t);
  watch.land('photo.jpg');
  const call = await watch.pool.next();
  rmSync(watch.path('photo.jpg'));
  call.succeed();
  await watch.pool.line('info', /work photo\.jpg/);
  watch.land('failing.jpg');
  const failing = await watch.pool.next();
  rmSync(watch.path('failing.jpg'));
  failing.fail(new Error('the file is gone'));
  watch.land('fence.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
  assert.deepEqual(watch.pool.linesLike('error'), []);
});

test('a function may rewrite its own source, if it lists it', async (t) => {
  const watch = await Watch.start(t, {
    handler: ({ args }) => {
      const { path } = args as WatchedFile;
      publish(path, large);
      return { outputs: [{ path }] };
    },
  });
  watch.land('photo.jpg', small);
  await watch.pool.line('info', /photo\.jpg/);
  writeFileSync(watch.path('fence.jpg'), small);
  await watch.pool.line('info', /fence\.jpg/);
  assert.deepEqual(filesOf(watch.pool), ['photo.jpg', 'fence.jpg']);
});

test('one that does so without a word is run less and less often, and reported', async (t) => {
  const watch = await Watch.start(t, {
    timings: { firstLookAgain: 1 },
    handler: ({ args }) => publish((args as WatchedFile).path, small),
  });
  const began = performance.now();
  watch.land('photo.jpg', small);
  const line = await watch.pool.line('warn', /photo\.jpg has changed each time work ran/);
  // Before the 2nd to 5th run at least 4, 16, 64 and 256 ms of quiet.
  assert.ok(performance.now() - began >= 4 + 16 + 64 + 256);
  assert.match(line.message, /outputs/);
  assert.equal(watch.pool.linesLike('warn').length, 1);
});

test('a file that was moved away while its function ran, and back later, is not run again', async (t) => {
  const watch = await Watch.start(t, {
    prepare: (inbox) => mkdirSync(join(inbox, 'album'), { recursive: true }),
  });
  watch.land('album/a.jpg');
  const call = await watch.pool.next();
  renameSync(watch.path('album'), join(watch.root, 'away'));
  call.succeed();
  await watch.pool.line('info', /^work album\/a\.jpg/);
  const { store } = watch.pool.context;
  assert.deepEqual(store.counts(), { gone: 1 });

  renameSync(join(watch.root, 'away'), watch.path('album'));
  await until('it is known as done', () => store.counts().done === 1);
  watch.land('fence.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
});

test('nor is one that came back just when its function was done and nobody took notice', async (t) => {
  silenceWatchers(t);
  const watch = await Watch.start(t, {
    timings: { sweep: 600_000 },
    prepare(inbox) {
      mkdirSync(inbox);
      writeFileSync(join(inbox, 'a.jpg'), small);
    },
  });
  const call = await watch.pool.next();
  const away = join(watch.root, 'away.jpg');
  renameSync(watch.path('a.jpg'), away);
  const { lstat } = fsPromises;
  let missed = 0;
  t.mock.method(fsPromises, 'lstat', async (...args: Parameters<typeof lstat>) => {
    try {
      return await lstat(...args);
    } catch (error) {
      missed += 1;
      // The run looks twice before it takes the file for gone: it is back before its state says so.
      if (missed === 2) renameSync(away, watch.path('a.jpg'));
      throw error;
    }
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  call.succeed();
  await watch.pool.line('info', /^work a\.jpg/);
  await until('it is known as done', () => watch.pool.context.store.counts().done === 1);
  assert.deepEqual(filesOf(watch.pool), ['a.jpg']);
});

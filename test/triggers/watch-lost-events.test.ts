import assert from 'node:assert/strict';
import fs, { linkSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { EventCount, skippedUnlessOverflown } from '../support/event-queue.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { replaceWatch, silenceWatchers } from './support-silence.ts';
import { filesOf, Watch } from './support-watch.ts';

const processAll = () => undefined;

test('a burst that overflows the queue of events loses no file, nor a change in another folder', async (t) => {
  const done = new Map<string, number>();
  const watch = await Watch.start(t, {
    options: { args: (file) => file.relativePath },
    handler: ({ args }) => {
      done.set(String(args), (done.get(String(args)) ?? 0) + 1);
    },
    // The sweep would find them as well, later.
    timings: { sweep: 600_000 },
    prepare: (inbox) => mkdirSync(join(inbox, 'other'), { recursive: true }),
  });
  watch.land('other/known.jpg');
  await watch.pool.line('info', /work other\/known\.jpg/);

  const seen = new EventCount(t, watch.inbox);
  const count = 10_000;
  const content = makeJpeg({ scanBytes: 32 });
  // The loop is busy all the while: the queue of 16,384 events is full at 8,192 files.
  for (let index = 0; index < count; index += 1) writeFileSync(watch.path(`${index}.jpg`), content);
  watch.land('other/new.jpg');
  watch.land('other/known.jpg', makeJpeg({ scanBytes: 5_000 }));
  await until(
    'all are processed',
    () => done.size === count + 2 && done.get('other/known.jpg') === 2,
    300_000,
  );
  const twice = [...done].filter(([_file, times]) => times > 1);
  assert.deepEqual(twice, [['other/known.jpg', 2]]);
  await t.test('the queue did overflow', { skip: skippedUnlessOverflown(2 * count) }, () => {
    assert.ok(seen.events > 0 && seen.events < 2 * count, `${seen.events} events of ${count} files`);
  });
});

test('a known file that was changed without an event is found by the sweep', async (t) => {
  const watch = await Watch.start(t, { handler: processAll, timings: { sweep: 20 } });
  // A change through a link outside of the folder is reported nowhere in it.
  const outside = join(watch.root, 'outside.jpg');
  writeFileSync(outside, makeJpeg());
  linkSync(outside, watch.path('linked.jpg'));
  await watch.pool.line('info', /work linked\.jpg/);
  const later = new Date(Date.now() + 60_000);
  utimesSync(outside, later, later);
  await until('the change is found', () => watch.pool.calls.length === 2);
  assert.deepEqual(filesOf(watch.pool), ['linked.jpg', 'linked.jpg']);
});

test('new files, also in new folders, are found by the sweep where nothing is ever reported', async (t) => {
  silenceWatchers(t);
  const watch = await Watch.start(t, { handler: processAll, timings: { sweep: 20 } });
  watch.land('a.jpg');
  await watch.pool.line('info', /work a\.jpg/);
  mkdirSync(watch.path('album/2024'), { recursive: true });
  watch.land('album/2024/b.jpg');
  await watch.pool.line('info', /work album\/2024\/b\.jpg/);
  assert.equal(watch.pool.calls.length, 2);
});

test('so is the return of the watched folder, and another one in its place', async (t) => {
  silenceWatchers(t);
  const watch = await Watch.start(t, { handler: processAll, timings: { sweep: 20, absence: 20 } });
  rmSync(watch.inbox, { recursive: true });
  await watch.pool.line('warn', /inbox is gone/);
  mkdirSync(watch.inbox);
  watch.land('a.jpg');
  await watch.pool.line('info', /work a\.jpg/);
});

test('while the watched folder is missing the sweep takes none of its files for gone', async (t) => {
  const watch = await Watch.start(t, { handler: processAll, timings: { sweep: 1, absence: 5 } });
  for (const name of ['a.jpg', 'b.jpg']) {
    watch.land(name);
    await watch.pool.line('info', new RegExp(`work ${name}`));
  }
  let checks = 0;
  const { stat } = fsPromises;
  t.mock.method(fsPromises, 'stat', (...args: Parameters<typeof stat>) => {
    checks += 1;
    return stat(...args);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  fs.renameSync(watch.inbox, join(watch.root, 'away'));
  await watch.pool.line('warn', /inbox is gone/);
  // Each round of the sweep asks for the folder: after this many each known file had its turn.
  const before = checks;
  await until('the sweep went round', () => checks >= before + 60);
  fs.renameSync(join(watch.root, 'away'), watch.inbox);
  await watch.pool.line('info', /inbox is there again/);
  watch.land('fence.jpg');
  await watch.pool.line('info', /work fence\.jpg/);
  assert.deepEqual(filesOf(watch.pool), ['a.jpg', 'b.jpg', 'fence.jpg']);
});

test('the watchers of folders that are gone are closed', async (t) => {
  const open = new Set<string>();
  const real = fs.watch;
  replaceWatch(t, (path) => {
    const watcher = real(path);
    open.add(path);
    return watcher.on('close', () => open.delete(path));
  });
  const watch = await Watch.start(t, { handler: processAll });
  mkdirSync(watch.path('album/2024'), { recursive: true });
  watch.land('album/2024/a.jpg');
  await watch.pool.line('info', /a\.jpg/);
  assert.deepEqual(
    [...open],
    ['', 'album', 'album/2024'].map((folder) => watch.path(folder).replace(/\/$/, '')),
  );
  rmSync(watch.path('album'), { recursive: true });
  await until('they are closed', () => open.size === 1);
  await watch.trigger.stop();
  await until('all are closed', () => open.size === 0);
});

test('a folder whose watcher failed is watched and read again', async (t) => {
  const watchers = new Map<string, fs.FSWatcher>();
  const real = fs.watch;
  replaceWatch(t, (path) => {
    const watcher = real(path);
    watchers.set(path, watcher);
    return watcher;
  });
  const watch = await Watch.start(t, {
    handler: processAll,
    timings: { rewatch: 10 },
    prepare: (inbox) => mkdirSync(join(inbox, 'album'), { recursive: true }),
  });
  for (const folder of ['', 'album']) {
    const failing = watchers.get(watch.path(folder));
    failing?.close();
    watch.land(join(folder, 'unseen.jpg'));
    failing?.emit('error', new Error('EPERM: operation not permitted, watch'));
    await watch.pool.line('info', new RegExp(`work ${join(folder, 'unseen')}`));
    watch.land(join(folder, 'seen.jpg'));
    await watch.pool.line('info', new RegExp(`work ${join(folder, 'seen')}`));
  }
});

test('where the system allows no more watched folders the log says so once, and the sweep does the rest', async (t) => {
  const real = fs.watch;
  let isFull = true;
  replaceWatch(t, (path) => {
    if (isFull && !path.endsWith('inbox')) {
      throw Object.assign(new Error('ENOSPC: System limit for number of file watchers reached'), {
        code: 'ENOSPC',
      });
    }
    return real(path);
  });
  const watch = await Watch.start(t, {
    handler: processAll,
    timings: { sweep: 20 },
    prepare(inbox) {
      for (const folder of ['a', 'b', 'c']) mkdirSync(join(inbox, folder), { recursive: true });
    },
  });
  watch.land('a/1.jpg');
  await watch.pool.line('info', /work a\/1\.jpg/);
  watch.land('b/1.jpg');
  await watch.pool.line('info', /work b\/1\.jpg/);
  const errors = watch.pool.linesLike('error');
  assert.equal(errors.length, 1);
  assert.match(errors[0]?.message ?? '', /max_user_watches/);
  isFull = false;
  watch.land('c/1.jpg');
  await watch.pool.line('info', /work c\/1\.jpg/);
  assert.equal(watch.pool.calls.length, 3);
});

test('each known file has its turn in ten rounds of the sweep, also when in each round another one lands before it', async (t) => {
  const names = Array.from({ length: 5 }, (_, index) => `z-${index}.jpg`);
  const watch = await Watch.start(t, { handler: processAll, timings: { sweep: 30 } });
  for (const name of names) watch.land(name);
  await until('all are known', () => watch.pool.linesLike('info', /^work /).length === names.length);

  const { opendir, lstat } = fsPromises;
  const { store } = watch.pool.context;
  const rounds = new Map<string, number[]>(names.map((name) => [name, []]));
  let round = 0;
  t.mock.method(fsPromises, 'opendir', (...args: Parameters<typeof opendir>) => {
    // A round reads the names first. What is known of another file comes before all of these in order.
    round += 1;
    store.set(`a-${round}.jpg`, { name: 'done', key: 'k' }, { group: 'done' });
    return opendir(...args);
  });
  t.mock.method(fsPromises, 'lstat', (...args: Parameters<typeof lstat>) => {
    rounds.get(basename(String(args[0])))?.push(round);
    return lstat(...args);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  await until('each is looked at for the third time', () =>
    [...rounds.values()].every(({ length }) => length > 2),
  );
  for (const [name, [first = 0, , third = 0]] of rounds) {
    assert.ok(third - first < 30, `${name} is looked at in the rounds ${rounds.get(name)}`);
  }
});

test('a round of the sweep that fails is told, and the next one finds what there is', async (t) => {
  silenceWatchers(t);
  const watch = await Watch.start(t, { handler: processAll, timings: { sweep: 20 } });
  const { store } = watch.pool.context;
  const { keys } = store;
  let failures = 0;
  t.mock.method(store, 'keys', (group?: string) => {
    failures += 1;
    if (failures <= 2) throw new Error('disk I/O error');
    return keys(group);
  });
  const line = await watch.pool.line('error', /its sweep/);
  assert.match(line.message, /disk I\/O error/);
  await until('there is another round', () => failures > 3);
  watch.land('a.jpg');
  await watch.pool.line('info', /^work a\.jpg/);
});

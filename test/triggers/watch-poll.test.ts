import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { silenceWatchers } from './support-silence.ts';
import { filesOf, Watch } from './support-watch.ts';
import { watchedInodes } from './support-watched.ts';

const processAll = () => undefined;

// Without the sweep, which would find all this as well. On a machine that has no time a round may take seconds: the
// pause after it isn't to take minutes.
const noSweep = { sweep: 600_000, longestPoll: 1_000 };

const onlyOnLinux = process.platform !== 'linux' && 'only Linux tells what is watched';

/** Has the system say of every folder that it is on a file system of this number. */
function pretendFileSystem(t: TestContext, type: bigint): void {
  const { statfs } = fsPromises;
  t.mock.method(fsPromises, 'statfs', async (path: string) => ({
    ...(await statfs(path, { bigint: true })),
    type,
  }));
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
}

test('with `poll` all is found without that anything is watched', { skip: onlyOnLinux }, async (t) => {
  const watch = await Watch.start(t, {
    options: { poll: '20ms' },
    handler: processAll,
    timings: noSweep,
    prepare: (inbox) => mkdirSync(join(inbox, 'album'), { recursive: true }),
  });
  assert.deepEqual(watchedInodes(), []);
  watch.land('a.jpg');
  await watch.pool.line('info', /work a\.jpg/);
  watch.land('album/b.jpg');
  await watch.pool.line('info', /work album\/b\.jpg/);
  mkdirSync(watch.path('new/folder'), { recursive: true });
  watch.land('new/folder/c.jpg');
  await watch.pool.line('info', /work new\/folder\/c\.jpg/);
  // In place: the name and the inode stay.
  writeFileSync(watch.path('album/b.jpg'), makeJpeg({ scanBytes: 5_000 }));
  await until('the change is found', () => watch.pool.calls.length === 4);
  const later = new Date(Date.now() + 60_000);
  utimesSync(watch.path('a.jpg'), later, later);
  await until('the touch is found', () => watch.pool.calls.length === 5);
  assert.deepEqual(filesOf(watch.pool), ['a.jpg', 'album/b.jpg', 'new/folder/c.jpg', 'album/b.jpg', 'a.jpg']);
  assert.deepEqual(watchedInodes(), []);

  const watching = await Watch.start(t);
  assert.equal(watchedInodes().length, 1, 'what is watched is seen here');
  await watching.trigger.stop();
});

test('the start says that the folder is polled, how often and why', async (t) => {
  for (const [poll, interval] of [
    [true, '1 s'],
    [250, '250 ms'],
    ['2.5s', '2.5 s'],
  ] as const) {
    const watch = await Watch.start(t, { options: { poll } });
    const line = await watch.pool.line('info', /polled/);
    assert.equal(line.message, `inbox is polled every ${interval}: \`poll\` says so`);
  }
  const watch = await Watch.start(t);
  assert.deepEqual(watch.pool.linesLike('info', /polled/), []);
});

test('what is gone is known to be gone, and the same file is not taken up again when it is back', async (t) => {
  const watch = await Watch.start(t, { options: { poll: 20 }, handler: processAll, timings: noSweep });
  mkdirSync(watch.path('album'));
  for (const name of ['a.jpg', 'album/b.jpg']) {
    watch.land(name);
    await watch.pool.line('info', new RegExp(`work ${name}`));
    await until('it is done', () => watch.pool.context.store.counts().done === filesOf(watch.pool).length);
  }
  renameSync(watch.path('album'), join(watch.root, 'away'));
  renameSync(watch.path('a.jpg'), join(watch.root, 'a.jpg'));
  await watch.pool.line('debug', /^a\.jpg is gone/);
  await watch.pool.line('debug', /^album\/b\.jpg is gone/);
  renameSync(join(watch.root, 'away'), watch.path('album'));
  renameSync(join(watch.root, 'a.jpg'), watch.path('a.jpg'));
  await until('they are known again', () => watch.pool.context.store.counts().done === 2);
  assert.equal(watch.pool.calls.length, 2);
  unlinkSync(watch.path('a.jpg'));
  await until('it is gone again', () => watch.pool.context.store.counts().gone === 1);
  watch.land('a.jpg', makeJpeg({ scanBytes: 5_000 }));
  await until('another one is taken up', () => watch.pool.calls.length === 3);
});

test('the watched folder may go and come back, and another may come in its place', async (t) => {
  const watch = await Watch.start(t, {
    options: { poll: 20 },
    handler: processAll,
    timings: { ...noSweep, absence: 20 },
  });
  watch.land('a.jpg');
  await watch.pool.line('info', /work a\.jpg/);
  rmSync(watch.inbox, { recursive: true });
  await watch.pool.line('warn', /inbox is gone/);
  mkdirSync(watch.path('album'), { recursive: true });
  watch.land('album/b.jpg');
  await watch.pool.line('info', /inbox is there again/);
  await watch.pool.line('info', /work album\/b\.jpg/);
  writeFileSync(watch.path('album/b.jpg'), makeJpeg({ scanBytes: 5_000 }));
  await until('it is polled on', () => watch.pool.calls.length === 3);
  mkdirSync(join(watch.root, 'next'));
  writeFileSync(join(watch.root, 'next/c.jpg'), makeJpeg());
  renameSync(watch.inbox, join(watch.root, 'previous'));
  renameSync(join(watch.root, 'next'), watch.inbox);
  await watch.pool.line('info', /work c\.jpg/);
});

test('rounds take at most a tenth of the time, and the log says when that makes them rare', async (t) => {
  const watch = await Watch.start(t, { options: { poll: 1 }, handler: processAll, timings: noSweep });
  watch.land('slow.jpg');
  await until('it is done', () => watch.pool.context.store.counts().done === 1);
  const lookMs = 30;
  const rounds: { began: number; ended: number }[] = [];
  const { lstat } = fsPromises;
  t.mock.method(fsPromises, 'lstat', async (...args: Parameters<typeof lstat>) => {
    const began = performance.now();
    // A busy network: this takes its time whatever the machine does.
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    rounds.push({ began, ended: performance.now() });
    return lstat(...args);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  await until('there were rounds', () => rounds.length >= 4);
  // A first one that is slow may be an exception.
  for (const [index, { began }] of rounds.entries()) {
    const before = rounds[index - 1];
    // Timers may be 1 ms early.
    if (before && index > 1)
      assert.ok(began - before.ended >= 9 * (lookMs - 1) - 1, `${began - before.ended} ms`);
  }
  const { message } = await watch.pool.line('info', /tenth of the time/);
  assert.match(
    message,
    /^polling in inbox took [\d.]+ m?s: the next time is in [\d.]+ m?s, so that at most a /,
  );
});

for (const [name, type] of [
  ['NFS', 0x6969n],
  ['SMB', 0xff534d42n],
  ['SMB', 0xffff_ffff_fe53_4d42n],
  ['9p', 0x01021997n],
] as const) {
  test(`on ${name} (${type.toString(16)}) the folder is polled by itself`, {
    skip: onlyOnLinux,
  }, async (t) => {
    pretendFileSystem(t, type);
    silenceWatchers(t);
    const watch = await Watch.start(t, { handler: processAll, timings: { ...noSweep, poll: 20 } });
    await watch.pool.line(
      'info',
      new RegExp(`^inbox is polled every 20 ms: it is on ${name}, where nothing tells`),
    );
    watch.land('a.jpg');
    await watch.pool.line('info', /work a\.jpg/);
    writeFileSync(watch.path('a.jpg'), makeJpeg({ scanBytes: 5_000 }));
    await until('the change is found', () => watch.pool.calls.length === 2);
  });
}

test('what is written on this machine is reported there all the same', { skip: onlyOnLinux }, async (t) => {
  pretendFileSystem(t, 0x6969n);
  const watch = await Watch.start(t, { handler: processAll, timings: { ...noSweep, poll: 600_000 } });
  watch.land('a.jpg');
  await watch.pool.line('info', /work a\.jpg/);
});

test('with `poll: false` no file system is polled', { skip: onlyOnLinux }, async (t) => {
  pretendFileSystem(t, 0x6969n);
  const watch = await Watch.start(t, { options: { poll: false }, handler: processAll, timings: { poll: 1 } });
  watch.land('a.jpg');
  await watch.pool.line('info', /work a\.jpg/);
  assert.deepEqual(watch.pool.linesLike('info', /polled/), []);
});

test('a file whose format can not tell has to be quiet for as long as the file system may be wrong', {
  skip: onlyOnLinux,
}, async (t) => {
  pretendFileSystem(t, 0x517bn);
  const watch = await Watch.start(t, { handler: processAll, timings: noSweep });
  const began = performance.now();
  watch.land('report.txt', Buffer.from('content'));
  await watch.pool.next();
  assert.ok(performance.now() - began >= 1_000);
  watch.land('photo.jpg');
  await watch.pool.next();
});

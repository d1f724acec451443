import assert from 'node:assert/strict';
import {
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { WatchedFile } from '../../runtime/triggers/watch/watched-file.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import type { Handler } from './support-pool.ts';
import { filesOf, publish, Watch, type WatchSetup } from './support-watch.ts';
import { watchedInodes } from './support-watched.ts';

const processAll: Handler = () => undefined;

// Only what is reported counts, where a test doesn't say otherwise.
const noSweep = { sweep: 600_000 };

/** A trigger that follows links, with a folder `outside` beside its inbox. */
async function followLinks(t: TestContext, setup: WatchSetup = {}): Promise<Watch> {
  const { options, timings, prepare } = setup;
  return Watch.start(t, {
    handler: processAll,
    ...setup,
    options: { followSymlinks: true, ...options },
    timings: { ...noSweep, ...timings },
    prepare(inbox) {
      mkdirSync(inbox);
      mkdirSync(join(inbox, '../outside'));
      prepare?.(inbox);
    },
  });
}

function putOutside(watch: Watch, name: string, content = makeJpeg()): string {
  const path = join(watch.root, 'outside', name);
  publish(path, content);
  return path;
}

/** Makes a link, or has it lead somewhere else, in one step. */
function link(watch: Watch, name: string, target: string): void {
  const draft = join(watch.root, 'draft-link');
  symlinkSync(target, draft);
  renameSync(draft, watch.path(name));
}

async function untilWorked(watch: Watch, ...files: string[]): Promise<void> {
  await until(`${files} are handed in`, () => filesOf(watch.pool).length >= files.length);
  assert.deepEqual(filesOf(watch.pool).sort(), files.sort());
}

test('links to files and folders are followed: those that are there at the start, and later ones', async (t) => {
  const watch = await followLinks(t, {
    prepare(inbox) {
      publish(join(inbox, '../outside/photo.jpg'));
      symlinkSync('../outside/photo.jpg', join(inbox, 'old-link.jpg'));
      symlinkSync('../outside', join(inbox, 'old-folder'));
    },
  });
  await untilWorked(watch, 'old-link.jpg', 'old-folder/photo.jpg');
  link(watch, 'link.jpg', '../outside/photo.jpg');
  link(watch, 'folder', '../outside');
  await untilWorked(watch, 'old-link.jpg', 'old-folder/photo.jpg', 'link.jpg', 'folder/photo.jpg');
});

test('with `existing: false` what is behind links at the start is known, and what lands there later is not', async (t) => {
  const watch = await followLinks(t, {
    options: { existing: false },
    prepare(inbox) {
      mkdirSync(join(inbox, '../outside/a/b/c'), { recursive: true });
      publish(join(inbox, '../outside/a/b/c/photo.jpg'));
      symlinkSync('../outside', join(inbox, 'folder'));
      symlinkSync('../outside/a/b/c/photo.jpg', join(inbox, 'link.jpg'));
    },
  });
  putOutside(watch, 'a/b/c/new.jpg');
  await until('all are known or done', () => watch.pool.context.store.counts().done === 3);
  assert.deepEqual(filesOf(watch.pool), ['folder/a/b/c/new.jpg']);
});

test('what lands in a linked folder is reported, at any depth', async (t) => {
  const watch = await followLinks(t);
  link(watch, 'folder', '../outside');
  await until('it is watched', () => putOutside(watch, 'a.jpg') && filesOf(watch.pool).length > 0);
  mkdirSync(join(watch.root, 'outside/album/2024'), { recursive: true });
  putOutside(watch, 'album/2024/b.jpg');
  await watch.pool.line('info', /work folder\/album\/2024\/b\.jpg/);
  writeFileSync(join(watch.root, 'outside/album/2024/b.jpg'), makeJpeg({ scanBytes: 9_000 }));
  await until(
    'the change too',
    () => filesOf(watch.pool).filter((file) => file.endsWith('b.jpg')).length === 2,
  );
});

test('links in a circle end where they meet, and each file is handed in once', async (t) => {
  const watch = await followLinks(t, {
    prepare(inbox) {
      for (const folder of ['a/deep', '../outside/b']) mkdirSync(join(inbox, folder), { recursive: true });
      for (const file of ['top.jpg', 'a/deep/inner.jpg', '../outside/b/outer.jpg'])
        publish(join(inbox, file));
      symlinkSync('.', join(inbox, 'itself'));
      symlinkSync('../..', join(inbox, 'a/deep/up'));
      symlinkSync('../outside', join(inbox, 'out'));
      symlinkSync('../../inbox', join(inbox, '../outside/b/back'));
      symlinkSync('..', join(inbox, '../outside/b/parent'));
      symlinkSync('circle-2.jpg', join(inbox, 'circle-1.jpg'));
      symlinkSync('circle-1.jpg', join(inbox, 'circle-2.jpg'));
    },
  });
  await untilWorked(watch, 'top.jpg', 'a/deep/inner.jpg', 'out/b/outer.jpg');
  watch.land('fence.jpg');
  await watch.pool.line('info', /work fence\.jpg/);
  assert.equal(watch.pool.calls.length, 4);
  for (const level of ['warn', 'error'] as const) assert.deepEqual(watch.pool.linesLike(level), []);
  await watch.pool.line('debug', /^itself is a link to a folder that it is in/);
});

test('a link that leads to another file is that file from then on', async (t) => {
  const watch = await followLinks(t);
  putOutside(watch, 'first.jpg');
  putOutside(watch, 'second.jpg', makeJpeg({ scanBytes: 9_000 }));
  link(watch, 'link.jpg', '../outside/first.jpg');
  await untilWorked(watch, 'link.jpg');
  link(watch, 'link.jpg', '../outside/second.jpg');
  await untilWorked(watch, 'link.jpg', 'link.jpg');
});

test('a link that leads to another folder is that folder from then on', async (t) => {
  const watch = await followLinks(t, {
    prepare(inbox) {
      mkdirSync(join(inbox, '../other'));
      publish(join(inbox, '../other/b.jpg'));
      symlinkSync('../outside', join(inbox, 'link'));
    },
  });
  putOutside(watch, 'a.jpg');
  await untilWorked(watch, 'link/a.jpg');
  link(watch, 'link', '../other');
  await untilWorked(watch, 'link/a.jpg', 'link/b.jpg');
  publish(join(watch.root, 'other/c.jpg'));
  await untilWorked(watch, 'link/a.jpg', 'link/b.jpg', 'link/c.jpg');
});

test('a link to a link that leads elsewhere is found by the sweep, and that folder is watched', {
  skip: process.platform !== 'linux' && 'only Linux tells what is watched',
}, async (t) => {
  const watch = await followLinks(t, {
    timings: { sweep: 20 },
    prepare(inbox) {
      mkdirSync(join(inbox, '../other'));
      publish(join(inbox, '../other/b.jpg'));
      symlinkSync('outside', join(inbox, '../current'));
      symlinkSync('../current', join(inbox, 'link'));
    },
  });
  const inodeOf = (folder: string) => statSync(join(watch.root, folder)).ino;
  assert.ok(watchedInodes().includes(inodeOf('outside')));
  unlinkSync(join(watch.root, 'current'));
  symlinkSync('other', join(watch.root, 'current'));
  await untilWorked(watch, 'link/b.jpg');
  await until('it is watched', () => watchedInodes().includes(inodeOf('other')));
  assert.ok(!watchedInodes().includes(inodeOf('outside')));
});

for (const [how, setup] of [
  ['the sweep', { timings: { sweep: 20 } }],
  ['polling', { options: { poll: 20 }, timings: { longestPoll: 1_000 } }],
] as const) {
  test(`what changes where a link leads to is found by ${how}`, async (t) => {
    const watch = await followLinks(t, setup);
    link(watch, 'link.jpg', '../outside/photo.jpg');
    putOutside(watch, 'photo.jpg');
    await untilWorked(watch, 'link.jpg');
    putOutside(watch, 'photo.jpg', makeJpeg({ scanBytes: 9_000 }));
    await untilWorked(watch, 'link.jpg', 'link.jpg');
    link(watch, 'folder', '../not-yet');
    mkdirSync(join(watch.root, 'not-yet'));
    publish(join(watch.root, 'not-yet/a.jpg'));
    await untilWorked(watch, 'link.jpg', 'link.jpg', 'folder/a.jpg');
    // Another folder in the place of the one that the link leads to.
    mkdirSync(join(watch.root, 'next'));
    publish(join(watch.root, 'next/b.jpg'));
    renameSync(join(watch.root, 'not-yet'), join(watch.root, 'previous'));
    renameSync(join(watch.root, 'next'), join(watch.root, 'not-yet'));
    await untilWorked(watch, 'link.jpg', 'link.jpg', 'folder/a.jpg', 'folder/b.jpg');
    publish(join(watch.root, 'not-yet/c.jpg'));
    await untilWorked(watch, 'link.jpg', 'link.jpg', 'folder/a.jpg', 'folder/b.jpg', 'folder/c.jpg');
  });
}

test('a linked folder that is removed and made again at once is watched again', async (t) => {
  const watch = await followLinks(t, {
    prepare: (inbox) => symlinkSync('../outside', join(inbox, 'link')),
  });
  for (const round of [1, 2, 3]) {
    putOutside(watch, `${round}.jpg`);
    await watch.pool.line('info', new RegExp(`work link/${round}\\.jpg`));
    rmSync(join(watch.root, 'outside'), { recursive: true });
    mkdirSync(join(watch.root, 'outside'));
  }
});

test('a folder that two links lead to is watched again in both when it is removed and made again at once', async (t) => {
  const watch = await followLinks(t, {
    prepare(inbox) {
      for (const name of ['one', 'two']) symlinkSync('../outside', join(inbox, name));
    },
  });
  for (const round of [1, 2]) {
    putOutside(watch, `${round}.jpg`);
    for (const name of ['one', 'two'])
      await watch.pool.line('info', new RegExp(`work ${name}/${round}\\.jpg`));
    rmSync(join(watch.root, 'outside'), { recursive: true });
    mkdirSync(join(watch.root, 'outside'));
  }
  // Whichever of them was watched first.
  unlinkSync(watch.path('one'));
  putOutside(watch, '3.jpg');
  await watch.pool.line('info', /work two\/3\.jpg/);
  rmSync(join(watch.root, 'outside'), { recursive: true });
  mkdirSync(join(watch.root, 'outside'));
  putOutside(watch, '4.jpg');
  await watch.pool.line('info', /work two\/4\.jpg/);
});

test('a folder that two triggers watch by different names is watched again by both', async (t) => {
  const timings = { ...noSweep, absence: 20 };
  const first = await Watch.start(t, { handler: processAll, timings });
  const second = await Watch.start(t, {
    handler: processAll,
    timings,
    options: { path: 'alias' },
    prepare: (inbox) => symlinkSync(first.inbox, join(inbox, '../alias')),
  });
  for (const round of [1, 2, 3]) {
    first.land(`${round}.jpg`);
    for (const { pool } of [first, second]) await pool.line('info', new RegExp(`work ${round}\\.jpg`));
    rmSync(first.inbox, { recursive: true });
    mkdirSync(first.inbox);
  }
});

test('a link that is removed takes what was behind it along', async (t) => {
  const watch = await followLinks(t, {
    timings: { sweep: 20 },
    prepare: (inbox) => symlinkSync('../outside', join(inbox, 'link')),
  });
  putOutside(watch, 'a.jpg');
  await until('it is done', () => watch.pool.context.store.counts().done === 1);
  unlinkSync(watch.path('link'));
  await watch.pool.line('debug', /link\/a\.jpg is gone/);
  putOutside(watch, 'b.jpg');
  watch.land('fence.jpg');
  await watch.pool.line('info', /work fence/);
  assert.deepEqual(filesOf(watch.pool), ['link/a.jpg', 'fence.jpg']);
});

test('outputs behind a link are outputs, whichever of its paths a function lists', async (t) => {
  const watch: Watch = await followLinks(t, {
    prepare(inbox) {
      for (const folder of ['outside/album/small', 'single'])
        mkdirSync(join(inbox, '..', folder), { recursive: true });
      symlinkSync('../outside', join(inbox, 'link'));
      symlinkSync('../single/alone.jpg', join(inbox, 'alone.jpg'));
    },
    handler({ args }) {
      const { path, name } = args as WatchedFile;
      if (name === 'fence.jpg') return undefined;
      const outputs = [
        watch.path('link/album/small', `through-${name}`),
        join(watch.root, 'outside/album/small', `real-${name}`),
        join(watch.root, 'outside', `above-${name}`),
      ];
      if (name === 'alone.jpg') outputs.length = 0;
      for (const output of outputs) publish(output);
      // It rewrites its source, by where that really is.
      const own = realpathSync(path);
      writeFileSync(own, makeJpeg({ scanBytes: 9_000 }));
      return { outputs: [...outputs, own].map((output) => ({ path: output })) };
    },
  });
  putOutside(watch, 'album/photo.jpg');
  await watch.pool.line('info', /work link\/album\/photo\.jpg: 4 outputs/);
  publish(join(watch.root, 'single/alone.jpg'));
  link(watch, 'alone.jpg', '../single/alone.jpg');
  await watch.pool.line('info', /work alone\.jpg: 1 output/);
  watch.land('fence.jpg');
  await watch.pool.line('info', /work fence/);
  // One that is taken for changed waits for a while before it runs again.
  await until('all are done', () => watch.pool.context.store.counts().done === 3);
  assert.deepEqual(filesOf(watch.pool), ['link/album/photo.jpg', 'alone.jpg', 'fence.jpg']);
});

for (const [how, setup] of [
  ['the sweep', { timings: { sweep: 20 } }],
  ['polling', { timings: noSweep, options: { poll: 20 } }],
] as const) {
  test(`a known file that is behind a link now, in place of its folder, is gone as ${how} finds, and known when it is back`, async (t) => {
    const watch = await Watch.start(t, {
      handler: processAll,
      ...setup,
      prepare: (inbox) => mkdirSync(join(inbox, 'album/2024'), { recursive: true }),
    });
    const { store } = watch.pool.context;
    for (const name of ['album/2024/a.jpg', 'album/2024/b.jpg']) watch.land(name);
    await until('both are done', () => store.counts().done === 2);
    const away = join(watch.root, 'away');
    renameSync(watch.path('album'), away);
    symlinkSync('../away', watch.path('album'));
    await until('they are gone', () => store.counts().gone === 2);
    writeFileSync(join(away, '2024/a.jpg'), makeJpeg({ fill: 0x3c }));
    watch.land('fence.jpg');
    await watch.pool.line('info', /^work fence\.jpg/);

    unlinkSync(watch.path('album'));
    renameSync(away, watch.path('album'));
    await until('what changed is run', () => watch.pool.linesLike('info', /^work /).length === 4);
    await until('all are known', () => store.counts().done === 3);
    assert.deepEqual(filesOf(watch.pool).slice(2), ['fence.jpg', 'album/2024/a.jpg']);
  });
}

test('what is in line for a folder is not handed in by way of a link that has taken its place', async (t) => {
  const watch = await Watch.start(t, {
    concurrency: 1,
    prepare: (inbox) => mkdirSync(join(inbox, 'album'), { recursive: true }),
  });
  for (let index = 0; index < 9; index += 1) watch.land(`album/${index}.jpg`);
  const { store } = watch.pool.context;
  await until('they are in line', () => store.counts().queued === 5);
  const landed = performance.now();
  await until('what waits is looked at again', () => performance.now() - landed > 200);
  renameSync(watch.path('album'), join(watch.root, 'away'));
  symlinkSync('../away', watch.path('album'));
  watch.land('fence.jpg');
  await watch.pool.line('debug', /^fence\.jpg is complete/);
  watch.pool.handler = processAll;
  for (const call of [...watch.pool.calls]) call.succeed();
  await watch.pool.line('info', /^work fence\.jpg/);
  assert.deepEqual(filesOf(watch.pool).slice(4), ['fence.jpg']);
});

import assert from 'node:assert/strict';
import fs, { mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ConfigError } from '../../runtime/errors/pool-errors.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { replaceWatch } from './support-silence.ts';
import { fileOf, filesOf, publish, Watch } from './support-watch.ts';

const processAll = () => undefined;

/** Makes a tree of folders with one photo in each and returns the photos' paths below `folder`. */
function growTree(folder: string, depth = 3): string[] {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'photo.jpg'), makeJpeg());
  if (depth === 0) return ['photo.jpg'];
  const below = ['a', 'b'].flatMap((name) =>
    growTree(join(folder, name), depth - 1).map((path) => `${name}/${path}`),
  );
  return ['photo.jpg', ...below];
}

test('all photos of a tree that is moved in are handed in, and what lands in it afterwards', async (t) => {
  const watch = await Watch.start(t, { handler: processAll });
  const photos = growTree(join(watch.root, 'tree'));
  assert.equal(photos.length, 15);
  renameSync(join(watch.root, 'tree'), watch.path('tree'));
  await until('all are handed in', () => watch.pool.calls.length >= photos.length);
  watch.land('tree/b/a/b/late.jpg');
  await until('the late one is handed in', () => filesOf(watch.pool).includes('tree/b/a/b/late.jpg'));
  assert.deepEqual(
    filesOf(watch.pool).sort(),
    [...photos, 'b/a/b/late.jpg'].map((path) => `tree/${path}`).sort(),
  );
});

test('files are found in folders that were made before anybody could watch them', async (t) => {
  const watch = await Watch.start(t, { handler: processAll });
  // In one turn of the loop: the events come when all is there.
  const photos = growTree(watch.path('tree'), 4).map((path) => `tree/${path}`);
  await until('all are handed in', () => watch.pool.calls.length >= photos.length);
  watch.land('fence.jpg');
  await until('the fence is handed in', () => filesOf(watch.pool).includes('fence.jpg'));
  assert.deepEqual(filesOf(watch.pool).sort(), [...photos, 'fence.jpg'].sort());
});

test('a folder that is renamed goes on being watched under its new name', async (t) => {
  const watch = await Watch.start(t, { handler: processAll });
  mkdirSync(watch.path('old/inner'), { recursive: true });
  watch.land('old/inner/a.jpg');
  await watch.pool.line('info', /old\/inner\/a\.jpg/);
  renameSync(watch.path('old'), watch.path('new'));
  // Another path is another file.
  await watch.pool.line('info', /new\/inner\/a\.jpg/);
  watch.land('new/inner/b.jpg');
  await watch.pool.line('info', /new\/inner\/b\.jpg/);
  mkdirSync(watch.path('old/inner'), { recursive: true });
  watch.land('old/inner/c.jpg');
  await watch.pool.line('info', /old\/inner\/c\.jpg/);
  assert.equal(watch.pool.calls.length, 4);
});

test('a folder that is removed and made again at once is watched again', async (t) => {
  const watch = await Watch.start(t, { handler: processAll });
  for (let round = 0; round < 5; round += 1) {
    rmSync(watch.path('album'), { recursive: true, force: true });
    mkdirSync(watch.path('album'));
    await until('what is there is seen', async () => {
      watch.land(`album/${round}.jpg`);
      return true;
    });
    await watch.pool.line('info', new RegExp(`album/${round}\\.jpg`));
    watch.land(`album/${round}-late.jpg`);
    await watch.pool.line('info', new RegExp(`album/${round}-late\\.jpg`));
  }
});

test('a folder that is moved out and back while it is read goes on being watched', async (t) => {
  const watch = await Watch.start(t, { handler: processAll, timings: { sweep: 600_000 } });
  const watched: string[] = [];
  const { watch: watchFolder } = fs;
  replaceWatch(t, (path) => {
    watched.push(path);
    return watchFolder(path);
  });
  // A reading that fails since the folder is not there, which is told when it has long been back.
  const { opendir } = fsPromises;
  let isFirst = true;
  t.mock.method(fsPromises, 'opendir', async (...args: Parameters<typeof opendir>) => {
    if (!isFirst || args[0] !== watch.path('album')) return opendir(...args);
    isFirst = false;
    renameSync(watch.path('album'), join(watch.root, 'away'));
    const error: unknown = await opendir(...args).catch((reason: unknown) => reason);
    const before = watched.length;
    renameSync(join(watch.root, 'away'), watch.path('album'));
    await until('it is watched again', () => watched.length > before);
    throw error;
  });
  syncBuiltinESMExports();
  mkdirSync(watch.path('album'));
  watch.land('album/b.jpg');
  await watch.pool.line('info', /work album\/b\.jpg/);
  watch.land('album/c.jpg');
  await watch.pool.line('info', /work album\/c\.jpg/);
});

test('with `recursive: false` only the folder itself counts', async (t) => {
  const watch = await Watch.start(t, {
    options: { recursive: false },
    handler: processAll,
    prepare: (inbox) => growTree(inbox, 1),
  });
  // What is found at the start is looked at beside what lands then.
  await watch.pool.line('info', /work photo/);
  mkdirSync(watch.path('new'));
  watch.land('new/a.jpg');
  watch.land('a/b.jpg');
  watch.land('fence.jpg');
  await watch.pool.line('info', /fence/);
  assert.deepEqual(filesOf(watch.pool), ['photo.jpg', 'fence.jpg']);
});

test('the watched folder is made when it is missing, and the start says so', async (t) => {
  const watch = await Watch.start(t, { options: { path: 'inbox/of/mine', match: '*.{jpg,jpeg}' } });
  assert.ok(statSync(watch.path('of/mine')).isDirectory());
  const line = await watch.pool.line('info', /watching/);
  assert.equal(
    line.message,
    'watching inbox/of/mine (created): each *.{jpg,jpeg} that lands there runs work',
  );
});

test('a file in the place of the watched folder fails the start with a ConfigError', async (t) => {
  const watch = Watch.prepare(t);
  writeFileSync(watch.inbox, '');
  await assert.rejects(watch.trigger.start(watch.pool.context), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.issues[0]?.path, 'watch.path');
    assert.match(error.message, /inbox/);
    return true;
  });
});

test('the watched folder may be removed and come back', async (t) => {
  const watch = await Watch.start(t, { handler: processAll, timings: { absence: 20 } });
  mkdirSync(watch.path('album'));
  watch.land('album/a.jpg');
  await watch.pool.line('info', /album\/a\.jpg/);
  rmSync(watch.inbox, { recursive: true });
  await watch.pool.line('warn', /inbox is gone/);
  mkdirSync(watch.path('album'), { recursive: true });
  watch.land('album/b.jpg');
  await watch.pool.line('info', /inbox is there again/);
  await watch.pool.line('info', /album\/b\.jpg/);
  watch.land('album/c.jpg');
  await watch.pool.line('info', /album\/c\.jpg/);
  assert.equal(watch.pool.linesLike('warn').length, 1);
});

test('also when it is replaced before anybody looks, or by a rename', async (t) => {
  const watch = await Watch.start(t, { handler: processAll, timings: { absence: 20 } });
  rmSync(watch.inbox, { recursive: true });
  mkdirSync(watch.inbox);
  watch.land('a.jpg');
  await watch.pool.line('info', /work a\.jpg/);
  watch.land('b.jpg');
  await watch.pool.line('info', /work b\.jpg/);

  mkdirSync(join(watch.root, 'next'));
  renameSync(watch.inbox, join(watch.root, 'previous'));
  renameSync(join(watch.root, 'next'), watch.inbox);
  watch.land('c.jpg');
  await watch.pool.line('info', /work c\.jpg/);
  watch.land('d.jpg');
  await watch.pool.line('info', /work d\.jpg/);
});

test('files that are known are not handed in again when the watched folder is moved away and back', async (t) => {
  const watch = await Watch.start(t, { handler: processAll, timings: { absence: 20 } });
  watch.land('a.jpg');
  await watch.pool.line('info', /work a\.jpg/);
  renameSync(watch.inbox, join(watch.root, 'away'));
  await watch.pool.line('warn', /inbox is gone/);
  renameSync(join(watch.root, 'away'), watch.inbox);
  await watch.pool.line('info', /inbox is there again/);
  watch.land('fence.jpg');
  await watch.pool.line('info', /work fence\.jpg/);
  assert.deepEqual(filesOf(watch.pool), ['a.jpg', 'fence.jpg']);
});

test('nor is one whose function was done when the watched folder had just been moved away', async (t) => {
  const watch: Watch = await Watch.start(t, {
    timings: { absence: 20 },
    handler(call) {
      if (fileOf(call) === 'a.jpg') renameSync(watch.inbox, join(watch.root, 'away'));
    },
  });
  watch.land('a.jpg');
  await watch.pool.line('info', /work a\.jpg/);
  await watch.pool.line('warn', /inbox is gone/);
  await until('it is done', () => watch.pool.context.store.counts().done === 1);
  renameSync(join(watch.root, 'away'), watch.inbox);
  await watch.pool.line('info', /inbox is there again/);
  watch.land('fence.jpg');
  await watch.pool.line('info', /work fence\.jpg/);
  assert.deepEqual(filesOf(watch.pool), ['a.jpg', 'fence.jpg']);
});

test('links are not followed, to files or to folders', async (t) => {
  const watch = await Watch.start(t, {
    handler: processAll,
    prepare(inbox) {
      growTree(join(inbox, '../elsewhere'), 1);
      mkdirSync(inbox);
      symlinkSync('../elsewhere/photo.jpg', join(inbox, 'old-link.jpg'));
      symlinkSync('../elsewhere', join(inbox, 'old-folder'));
    },
  });
  symlinkSync('../elsewhere/photo.jpg', watch.path('link.jpg'));
  symlinkSync('../elsewhere', watch.path('folder'));
  symlinkSync('nowhere', watch.path('dangling.jpg'));
  watch.land('fence.jpg');
  await watch.pool.line('info', /fence/);
  assert.deepEqual(filesOf(watch.pool), ['fence.jpg']);
});

test('a watched folder may itself be reached through a link', async (t) => {
  const watch = await Watch.start(t, {
    prepare(inbox) {
      mkdirSync(join(inbox, '../real'));
      symlinkSync('real', inbox);
    },
  });
  watch.land('a.jpg');
  const call = await watch.pool.next();
  // The function may list what it wrote by either path. Named after its source it waits for that, seen as early as may be.
  const output = join(watch.root, 'real/a-small.jpg');
  publish(output);
  call.succeed({ outputs: [{ path: output }] });
  await watch.pool.line('info', /work a\.jpg/);
  watch.land('fence.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
});

/** A trigger whose inbox is a link to `real-1`, with another folder `real-2` beside that. */
async function startOnLink(t: TestContext): Promise<Watch> {
  return Watch.start(t, {
    timings: { sweep: 20 },
    prepare(inbox) {
      for (const name of ['real-1', 'real-2']) mkdirSync(join(inbox, '..', name));
      symlinkSync('real-1', inbox);
    },
  });
}

/** Has the inbox lead to the other folder, in one step. */
function leadElsewhere(watch: Watch): void {
  symlinkSync('real-2', join(watch.root, 'draft-link'));
  renameSync(join(watch.root, 'draft-link'), watch.inbox);
}

test('when such a link leads elsewhere later, outputs that are listed by where they are then do not trigger', async (t) => {
  const watch = await startOnLink(t);
  // From now on what is named after a source waits for its result.
  watch.land('a.jpg');
  const first = await watch.pool.next();
  publish(watch.path('a-small.jpg'));
  first.succeed({ outputs: [{ path: watch.path('a-small.jpg') }] });
  await watch.pool.line('info', /work a\.jpg: 1 output/);
  leadElsewhere(watch);
  watch.land('b.jpg');
  const call = await watch.pool.next();
  assert.equal(fileOf(call), 'b.jpg');
  const output = join(watch.root, 'real-2/b-small.jpg');
  publish(output);
  call.succeed({ outputs: [{ path: output }] });
  await watch.pool.line('info', /work b\.jpg/);
  watch.land('fence.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
});

test('nor is a photo there taken for an output of the same name in the folder that was left', async (t) => {
  const watch = await startOnLink(t);
  watch.land('a.jpg');
  const call = await watch.pool.next();
  publish(join(watch.root, 'real-2/a-small.jpg'));
  leadElsewhere(watch);
  await until('the photo waits for the result', () => watch.pool.context.store.counts().held === 1);
  call.succeed({ outputs: [{ path: join(watch.root, 'real-1/a-small.jpg') }] });
  assert.equal(fileOf(await watch.pool.next()), 'a-small.jpg');
});

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { FunctionError, WorkerCrashedError } from '../../runtime/errors/pool-errors.ts';
import type { WatchedFile } from '../../runtime/triggers/watch/watched-file.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import type { Call } from './support-pool.ts';
import { fileOf, filesOf, publish, Watch } from './support-watch.ts';

/** Writes thumbnails beside the photo, as the thumbnail function does, and says where. */
function writeThumbnails(call: Call, sizes: readonly string[] = ['32x32', '64x64']): { path: string }[] {
  const { path, name } = call.args as WatchedFile;
  return sizes.map((size) => {
    const output = join(dirname(path), 'thumbnails', size, name);
    mkdirSync(dirname(output), { recursive: true });
    publish(output);
    return { path: output };
  });
}

const isSource = (file: string) => !file.includes('thumbnails');

for (const ignore of [[], ['thumbnails']]) {
  test(`outputs never trigger (${ignore.length === 0 ? 'without' : 'with'} an \`ignore\` for them)`, async (t) => {
    const watch = await Watch.start(t, {
      options: { ignore },
      handler: (call) => ({ outputs: writeThumbnails(call) }),
    });
    mkdirSync(watch.path('album'));
    const names = Array.from({ length: 40 }, (_, index) => `${index % 2 ? 'album/' : ''}${index}.jpg`);
    for (const name of names) watch.land(name);
    await until('all are processed', () => watch.pool.linesLike('info', /2 outputs/).length >= names.length);
    watch.land('fence.jpg');
    await watch.pool.line('info', /work fence\.jpg/);
    assert.deepEqual(filesOf(watch.pool).sort(), [...names, 'fence.jpg'].sort());
  });
}

/** Says of each file that it is whole, and which ones it was asked about: those have been seen. */
function witness() {
  const asked: string[] = [];
  const complete = (file: WatchedFile) => {
    asked.push(file.relativePath);
    return 'whole' as const;
  };
  return { asked, complete };
}

// Whether what is doubtful is held back long or not at all: neither photos nor what is named after one depend on it.
for (const doubt of [0, 600_000]) {
  test(`during the first run photos are handed in as they land and outputs wait for the result (doubt: ${doubt} ms)`, async (t) => {
    const { asked, complete } = witness();
    const watch = await Watch.start(t, { options: { complete }, timings: { doubt } });
    watch.land('a.jpg');
    const first = await watch.pool.next();
    const outputs = writeThumbnails(first);
    await until('the outputs were seen', () => asked.length >= 3);
    const others = ['b.jpg', 'c.jpg', 'd.jpg'];
    for (const name of others) {
      watch.land(name);
      assert.equal(fileOf(await watch.pool.next()), name, 'while a.jpg is still running');
    }
    assert.equal(first.status, 'running');

    first.succeed({ outputs });
    await watch.pool.line('info', /work a\.jpg: 2 outputs/);
    watch.land('fence.jpg');
    assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
    assert.deepEqual(filesOf(watch.pool), ['a.jpg', ...others, 'fence.jpg']);
  });
}

test('what appears in another folder during the first run waits for the result for a while', async (t) => {
  const { asked, complete } = witness();
  const watch = await Watch.start(t, { options: { complete }, timings: { doubt: 600_000 } });
  watch.land('a.jpg');
  const first = await watch.pool.next();
  mkdirSync(watch.path('out'));
  const output = { path: watch.path('out/5f3c.jpg') };
  publish(output.path);
  watch.land('out/landed.jpg');
  await until('both were seen', () => asked.length >= 3);
  watch.land('b.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'b.jpg', 'the output would have been handed in before');
  first.succeed({ outputs: [output] });
  assert.equal(fileOf(await watch.pool.next()), 'out/landed.jpg');
  watch.land('fence.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
});

test('an album that lands during a first run that hangs waits no longer than that', async (t) => {
  const watch = await Watch.start(t, { timings: { doubt: 10 } });
  watch.land('a.jpg');
  const hanging = await watch.pool.next();
  mkdirSync(watch.path('album'));
  for (const name of ['album/b.jpg', 'album/c.jpg']) {
    watch.land(name);
    assert.equal(fileOf(await watch.pool.next()), name);
  }
  assert.equal(hanging.status, 'running');
});

test('a first run that failed holds nobody back', async (t) => {
  const watch = await Watch.start(t, { timings: { doubt: 600_000, firstRetry: 600_000 } });
  watch.land('a.jpg');
  (await watch.pool.next()).fail(new FunctionError('no image'));
  await watch.pool.line('debug', /work failed on a\.jpg/);
  mkdirSync(watch.path('album'));
  for (const name of ['album/b.jpg', 'a (2).jpg']) {
    watch.land(name);
    const call = await watch.pool.next();
    assert.equal(fileOf(call), name);
    call.fail(new FunctionError('no image'));
    await until('it failed', () =>
      watch.pool.linesLike('debug', /work failed on/).some(({ fields }) => fields.file === name),
    );
  }
});

/** Has one photo processed, so that the trigger knows where outputs go. */
async function teach(watch: Watch, name = 'lesson.jpg'): Promise<void> {
  watch.land(name);
  const call = await watch.pool.next();
  call.succeed({ outputs: writeThumbnails(call) });
  await watch.pool.line('info', new RegExp(`work ${name}: 2 outputs`));
}

test('later, what lands elsewhere is handed in at once and outputs are held back until the result is there', async (t) => {
  const { asked, complete } = witness();
  const watch = await Watch.start(t, { options: { complete } });
  await teach(watch);
  mkdirSync(watch.path('album'));
  watch.land('album/a.jpg');
  const running = await watch.pool.next();
  // Sizes and folders that no result has listed yet, in a place that is known.
  const outputs = writeThumbnails(running, ['32x32', '48x27']);
  await until(
    'the outputs were seen',
    () => asked.filter((file) => file.startsWith('album/thumbnails')).length >= 2,
  );

  watch.land('album/b.jpg');
  const other = await watch.pool.next();
  assert.equal(fileOf(other), 'album/b.jpg');
  assert.equal(running.status, 'running');
  other.succeed({ outputs: writeThumbnails(other) });
  running.succeed({ outputs });
  await watch.pool.line('info', /work album\/a\.jpg: 2 outputs/);
  watch.land('fence.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
  assert.deepEqual(
    filesOf(watch.pool).filter((file) => !isSource(file)),
    [],
  );
});

test('a file that a person puts among the outputs meanwhile is handed in when the result does not list it', async (t) => {
  const { asked, complete } = witness();
  const watch = await Watch.start(t, { options: { complete } });
  await teach(watch);
  watch.land('a.jpg');
  const running = await watch.pool.next();
  const outputs = writeThumbnails(running);
  watch.land('thumbnails/my-a.jpg');
  await until('it was seen', () => asked.includes('thumbnails/my-a.jpg'));
  running.succeed({ outputs });
  assert.equal(fileOf(await watch.pool.next()), 'thumbnails/my-a.jpg');
});

for (const which of ['a later', 'the first']) {
  test(`outputs of ${which} run, which crashed before it could list them, are held back until the next run lists them`, async (t) => {
    const { asked, complete } = witness();
    // Until the next run, what lands meanwhile has its turn, on a busy machine too.
    const watch = await Watch.start(t, { options: { complete }, timings: { firstRetry: 3_000 } });
    if (which === 'a later') await teach(watch);
    watch.land('a.jpg');
    const crashed = await watch.pool.next();
    writeThumbnails(crashed);
    await until('they were seen', () => asked.filter((file) => file.endsWith('/a.jpg')).length >= 2);
    crashed.fail(
      new WorkerCrashedError('ended by SIGKILL', { exitCode: null, signal: 'SIGKILL', stderr: [] }),
      'crashed',
    );
    watch.land('b.jpg');
    assert.equal(fileOf(await watch.pool.next()), 'b.jpg', 'others do not wait for the next run');
    const again = await watch.pool.next();
    assert.equal(fileOf(again), 'a.jpg');
    again.succeed({ outputs: writeThumbnails(again) });
    await watch.pool.line('info', /work a\.jpg: 2 outputs/);
    watch.land('fence.jpg');
    assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
  });
}

test('an output that somebody overwrites afterwards is a file like any other', async (t) => {
  const watch = await Watch.start(t);
  await teach(watch);
  publish(watch.path('thumbnails/32x32/lesson.jpg'), makeJpeg({ scanBytes: 5_000 }));
  assert.equal(fileOf(await watch.pool.next()), 'thumbnails/32x32/lesson.jpg');
});

test('outputs beside their source hold back only what is named after it', async (t) => {
  const watch = await Watch.start(t);
  const writePreview = (call: Call) => {
    const output = (call.args as WatchedFile).path.replace('.jpg', '.preview.jpg');
    publish(output);
    return { outputs: [{ path: output }] };
  };
  watch.land('a.jpg');
  const first = await watch.pool.next();
  first.succeed(writePreview(first));
  await watch.pool.line('info', /work a\.jpg/);

  watch.land('b.jpg');
  const second = await watch.pool.next();
  const result = writePreview(second);
  watch.land('c.jpg');
  const third = await watch.pool.next();
  assert.equal(fileOf(third), 'c.jpg', 'while b.jpg is still running');
  third.succeed(writePreview(third));
  second.succeed(result);
  await watch.pool.line('info', /work b\.jpg/);
  watch.land('fence.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
});

test('a function that lists no outputs holds nobody back after its first result', async (t) => {
  const watch = await Watch.start(t);
  watch.land('a.jpg');
  (await watch.pool.next()).succeed('done');
  await watch.pool.line('info', /work a\.jpg: done in/);
  watch.land('b.jpg');
  await watch.pool.next();
  watch.land('c.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'c.jpg', 'while b.jpg is still running');
});

test('results of other shapes list no outputs', async (t) => {
  const results = [null, 7, [], { outputs: 'none' }, { outputs: [null, 'a', { path: 3 }, {}] }];
  const watch = await Watch.start(t, { handler: () => results.shift() });
  const count = results.length;
  for (let index = 0; index < count; index += 1) watch.land(`${index}.jpg`);
  await until('all are processed', () => watch.pool.linesLike('info', /: done in \d+ ms$/).length === count);
});

import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import { WorkerCrashedError } from 'warm-pool';
import type { WatchedFile } from '../../runtime/triggers/watch/watched-file.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { fileOf, filesBefore, filesOf, publish, Watch } from './support-watch.ts';

const succeed = () => undefined;

test('after a restart only what has landed or changed since is run', async (t) => {
  const watch = await Watch.start(t, { handler: succeed });
  for (const name of ['old.jpg', 'changed.jpg', 'touched.jpg', 'gone.jpg']) watch.land(name);
  await until('all of them', () => watch.pool.linesLike('info', /^work /).length === 4);
  await watch.trigger.stop();
  await watch.pool.kept();
  watch.land('changed.jpg', makeJpeg({ fill: 0x3c }));
  utimesSync(watch.path('touched.jpg'), new Date(), new Date());
  watch.land('landed.jpg');
  rmSync(watch.path('gone.jpg'));

  const again = await Watch.start(t, { after: watch, handler: succeed });
  await until('what is new', () => again.pool.linesLike('info', /^work /).length === 3);
  assert.deepEqual((await filesBefore(again, 'last')).sort(), ['changed.jpg', 'landed.jpg', 'touched.jpg']);
});

test('what was in hand when the runtime was killed comes first, then the line as it was', async (t) => {
  const watch = await Watch.start(t, { concurrency: 1 });
  const names = Array.from({ length: 9 }, (_, index) => `${index}.jpg`);
  for (const name of names) {
    watch.land(name);
    await watch.pool.line('debug', new RegExp(`^${name} is complete`));
  }
  const handedIn = filesOf(watch.pool);
  assert.deepEqual(handedIn, names.slice(0, 4), 'four are in the hands of the pool');
  // Written down in the turn in which they were queued.
  await watch.pool.kept();

  const again = await Watch.start(t, { after: watch, concurrency: 1, handler: succeed });
  watch.land('later.jpg');
  await until('all of them', () => again.pool.linesLike('info', /^work /).length === 10);
  assert.deepEqual(filesOf(again.pool), [...names, 'later.jpg']);
});

test('attempts and what is set aside outlive a kill', async (t) => {
  const timings = { firstRetry: 10, youngAge: 0 };
  const watch = await Watch.start(t, {
    options: { attempts: 3 },
    timings: { ...timings, firstRetry: 600_000 },
  });
  watch.land('broken.jpg');
  (await watch.pool.next()).fail(new Error('first'));
  await watch.pool.line('debug', /attempt 2 of 3/);
  await watch.pool.kept();

  const second = await Watch.start(t, { after: watch, options: { attempts: 3 }, timings });
  (await second.pool.next()).fail(new Error('second'));
  (await second.pool.next()).fail(new Error('third'));
  await second.pool.line(
    'error',
    /broken\.jpg is set aside until it changes: work failed 3 times, at last: third/,
  );
  await second.pool.kept();

  const third = await Watch.start(t, { after: second, options: { attempts: 3 }, timings, handler: succeed });
  assert.deepEqual(await filesBefore(third, 'last'), []);
  utimesSync(third.path('broken.jpg'), new Date(), new Date());
  await third.pool.line('info', /^work broken\.jpg/);
});

test('a file that the runtime was killed in again and again goes to the end of the line', async (t) => {
  let watch = await Watch.start(t, { concurrency: 1 });
  watch.land('deadly.jpg');
  await watch.pool.next();
  for (let kill = 1; kill <= 3; kill++) {
    watch = await Watch.start(t, { after: watch, concurrency: 1 });
    assert.equal(fileOf(await watch.pool.next()), 'deadly.jpg');
    // The others wait: only what is in hand counts as interrupted.
    if (kill === 1) for (let index = 0; index < 6; index++) watch.land(`${index}.jpg`);
    if (kill === 1)
      await until('six are known', () => watch.pool.linesLike('debug', /is complete/).length === 6);
    await watch.pool.kept();
  }
  const last = await Watch.start(t, { after: watch, concurrency: 1, handler: succeed });
  await last.pool.line(
    'warn',
    /killed 4 times while work ran on deadly\.jpg: it goes to the end of the line/,
  );
  await until('all of them', () => last.pool.linesLike('info', /^work /).length === 7);
  assert.notEqual(filesOf(last.pool)[0], 'deadly.jpg');
});

test('outputs of a run that was killed before it could list them are held back until the next run lists them', async (t) => {
  const options = { match: '*.jpg' };
  const lists = { outputs: [{ path: 'inbox/small/photo.jpg' }] };
  const watch = await Watch.start(t, { options });
  watch.land('first.jpg');
  mkdirSync(watch.path('small'));
  const first = await watch.pool.next();
  publish(watch.path('small/first.jpg'));
  first.succeed({ outputs: [{ path: 'inbox/small/first.jpg' }] });
  await watch.pool.line('info', /^work first\.jpg/);
  watch.land('photo.jpg');
  await watch.pool.next();
  publish(watch.path('small/photo.jpg'));
  await watch.pool.kept();

  const again = await Watch.start(t, { after: watch, options });
  const run = await again.pool.next();
  assert.equal(fileOf(run), 'photo.jpg');
  assert.deepEqual(await filesBefore(again, 'other'), ['photo.jpg']);
  publish(watch.path('small/photo.jpg'));
  run.succeed(lists);
  await again.pool.line('info', /^work photo\.jpg: 1 output/);
  for (const call of again.pool.calls) call.succeed();
  assert.deepEqual(
    (await filesBefore(again, 'last')).filter((name) => !name.startsWith('other')),
    ['photo.jpg'],
  );
});

test('what is moved away and back is not run again, alone or with its folder; what came in its place is', async (t) => {
  const watch = await Watch.start(t, { handler: succeed });
  mkdirSync(watch.path('trip'));
  for (const name of ['alone.jpg', 'trip/a.jpg', 'trip/b.jpg']) watch.land(name);
  await until('all three', () => watch.pool.linesLike('info', /^work /).length === 3);
  const before = filesOf(watch.pool);
  renameSync(watch.path('alone.jpg'), `${watch.root}/alone.jpg`);
  renameSync(watch.path('trip'), `${watch.root}/trip`);
  await watch.pool.line('debug', /^alone\.jpg is gone/);
  writeFileSync(`${watch.root}/trip/b.jpg`, makeJpeg({ fill: 0x3c }));
  renameSync(`${watch.root}/alone.jpg`, watch.path('alone.jpg'));
  renameSync(`${watch.root}/trip`, watch.path('trip'));
  await until('the new one', () => watch.pool.linesLike('info', /^work /).length === 4);
  assert.deepEqual(await filesBefore(watch, 'last'), [...before, 'trip/b.jpg']);
});

test('what has been gone for long is forgotten', async (t) => {
  const timings = { sweep: 50, forgetGone: 100 };
  const watch = await Watch.start(t, { handler: succeed, timings });
  const store = watch.pool.store.of('under test');
  watch.land('a.jpg');
  await watch.pool.line('info', /^work a\.jpg/);
  const { ino } = statSync(watch.path('a.jpg'));
  renameSync(watch.path('a.jpg'), `${watch.root}/a.jpg`);
  await until('it is forgotten', () => store.get('a.jpg') === undefined);
  renameSync(`${watch.root}/a.jpg`, watch.path('a.jpg'));
  assert.equal(statSync(watch.path('a.jpg')).ino, ino);
  await until('it is run as a new one', () => watch.pool.linesLike('info', /^work /).length === 2);
});

test('a worker that crashes is no kill of the runtime: attempts count', async (t) => {
  const watch = await Watch.start(t, { options: { attempts: 1 }, timings: { youngAge: 0 } });
  watch.land('a.jpg');
  (await watch.pool.next()).fail(
    new WorkerCrashedError('died', { exitCode: 1, signal: null, stderr: [] }),
    'crashed' as never,
  );
  await watch.pool.line('error', /a\.jpg is set aside/);
});

test('when receipts begin anew, `isDone` tells what was done; later nobody is asked', async (t) => {
  const asked: string[] = [];
  const isDone = async ({ path, name }: WatchedFile) => {
    asked.push(name);
    if (name === 'odd.jpg') throw new Error('no idea');
    const output = statSync(`${path}.out`, { throwIfNoEntry: false });
    return output !== undefined && output.mtimeMs >= statSync(path).ctimeMs;
  };
  const options = { match: '*.jpg', isDone };
  const watch = await Watch.start(t, {
    options,
    handler: succeed,
    prepare: (inbox) => {
      mkdirSync(inbox);
      for (const name of ['done.jpg', 'stale.jpg', 'new.jpg', 'odd.jpg'])
        publish(`${inbox}/${name}`, makeJpeg());
      for (const [name, age] of [
        ['done', 0],
        ['stale', 60],
      ] as const) {
        const output = `${inbox}/${name}.jpg.out`;
        writeFileSync(output, '');
        utimesSync(output, Date.now() / 1000 + 1 - age, Date.now() / 1000 + 1 - age);
      }
    },
  });
  assert.deepEqual((await filesBefore(watch, 'last')).sort(), ['new.jpg', 'odd.jpg', 'stale.jpg']);
  await watch.pool.line('warn', /^`isDone` failed on odd\.jpg, which is taken not to be done: no idea/);
  const askedFirst = asked.filter((name) => !name.startsWith('last')).sort();
  assert.deepEqual(askedFirst, ['done.jpg', 'new.jpg', 'odd.jpg', 'stale.jpg']);
  await watch.trigger.stop();
  await watch.pool.kept();

  asked.length = 0;
  watch.land('while down.jpg');
  const again = await Watch.start(t, { after: watch, options, handler: succeed });
  assert.deepEqual(await filesBefore(again, 'at last'), ['while down.jpg']);
  assert.deepEqual(asked, []);
});

for (const options of [{ ignore: ['drafts'] }, { recursive: false }, { match: '*.png' }]) {
  test(`with ${JSON.stringify(options)} since the last start, what was in line for it before is not run`, async (t) => {
    const watch = await Watch.start(t, {
      concurrency: 1,
      timings: { firstRetry: 600_000 },
      prepare: (inbox) => mkdirSync(`${inbox}/drafts/old`, { recursive: true }),
    });
    // Four are in the hands of the pool, one of them waits for an attempt.
    for (let index = 0; index < 9; index++) watch.land(`drafts/old/${index}.jpg`);
    (await watch.pool.next()).fail(new Error('not now'));
    await until('they are known', () => {
      const { queued, running, waiting } = watch.pool.context.store.counts();
      return queued === 4 && running === 4 && waiting === 1;
    });
    await watch.pool.kept();

    const again = await Watch.start(t, { after: watch, options, handler: succeed });
    again.land('last.png');
    await again.pool.line('info', /^work last\.png/);
    assert.deepEqual(filesOf(again.pool), ['last.png']);
    assert.deepEqual(again.pool.context.store.counts(), { done: 1 });
  });
}

test('a known file in a folder that is ignored since is not run when it changes, and is known when it is not ignored', async (t) => {
  const watch = await Watch.start(t, {
    handler: succeed,
    prepare: (inbox) => mkdirSync(`${inbox}/drafts`, { recursive: true }),
  });
  for (const name of ['drafts/changed.jpg', 'drafts/same.jpg']) watch.land(name);
  await until('both', () => watch.pool.linesLike('info', /^work /).length === 2);
  await watch.trigger.stop();
  await watch.pool.kept();

  let looks = 0;
  const { lstat } = fsPromises;
  t.mock.method(fsPromises, 'lstat', (...args: Parameters<typeof lstat>) => {
    if (String(args[0]).endsWith('changed.jpg')) looks += 1;
    return lstat(...args);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const ignoring = await Watch.start(t, {
    after: watch,
    handler: succeed,
    options: { ignore: 'drafts' },
    timings: { sweep: 5 },
  });
  ignoring.land('drafts/changed.jpg', makeJpeg({ fill: 0x3c }));
  const before = looks;
  await until('the sweep has looked at it', () => looks > before + 2);
  assert.deepEqual(await filesBefore(ignoring, 'other'), []);
  await ignoring.trigger.stop();
  await ignoring.pool.kept();

  const again = await Watch.start(t, { after: ignoring, handler: succeed });
  assert.deepEqual(await filesBefore(again, 'last'), ['drafts/changed.jpg']);
});

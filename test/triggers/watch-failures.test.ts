import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { test } from 'node:test';
import {
  FunctionError,
  FunctionLoadError,
  FunctionNotFoundError,
  InvalidInputError,
  QueueFullError,
  RuntimeClosedError,
  SerializationError,
  TimeoutError,
  WorkerCrashedError,
} from '../../runtime/errors/pool-errors.ts';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { fileOf, filesOf, Watch } from './support-watch.ts';

const crash = () =>
  new WorkerCrashedError('the worker was ended by SIGKILL.', {
    exitCode: null,
    signal: 'SIGKILL',
    stderr: [],
  });
const quick = { firstRetry: 10 };

function touch(path: string): void {
  const later = new Date(Date.now() + 60_000);
  utimesSync(path, later, later);
}

test('a file whose worker crashed is handed in again, and the log says why', async (t) => {
  const watch = await Watch.start(t, { timings: quick });
  watch.land('photo.jpg');
  (await watch.pool.next()).fail(crash(), 'crashed');
  const again = await watch.pool.next();
  assert.equal(fileOf(again), 'photo.jpg');
  again.succeed();
  await watch.pool.line('info', /work photo\.jpg/);
  const [warning, ...more] = watch.pool.linesLike('warn');
  assert.match(
    warning?.message ?? '',
    /photo\.jpg: the worker was ended by SIGKILL; attempt 2 of 3 in 0\.01 s$/,
  );
  assert.equal(warning?.fields.code, 'WORKER_CRASHED');
  assert.deepEqual(more, []);
  assert.deepEqual(watch.pool.linesLike('error'), []);
});

test('after its last attempt a file is set aside with one line of error, blocks nobody, and a touch tries again', async (t) => {
  const watch = await Watch.start(t, { timings: quick });
  watch.land('broken.jpg');
  const failure = () => new FunctionError('broken.jpg is no image\n    at decode (thumbnail.ts:3:5)');
  const times: number[] = [];
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const call = await watch.pool.next();
    times.push(performance.now());
    assert.equal(fileOf(call), 'broken.jpg');
    call.fail(failure());
  }
  const line = await watch.pool.line('error', /broken\.jpg is set aside/);
  assert.match(
    line.message,
    /work failed 3 times, at last: broken\.jpg is no image$/,
    'the reason, without a stack',
  );
  const [first = 0, second = 0, third = 0] = times;
  // Timers may be 1 ms early.
  assert.ok(second - first >= 10 - 1 && third - second >= 40 - 1, 'the delay grows');

  watch.land('fence.jpg');
  const fence = await watch.pool.next();
  assert.equal(fileOf(fence), 'fence.jpg');
  fence.succeed();
  touch(watch.path('broken.jpg'));
  const again = await watch.pool.next();
  assert.equal(fileOf(again), 'broken.jpg');
  again.succeed();
  await watch.pool.line('info', /work broken\.jpg/);
  assert.equal(watch.pool.linesLike('error').length, 1);
  assert.deepEqual(watch.pool.linesLike('warn'), []);
});

test('the reason of a failure is what the function threw', async (t) => {
  const watch = await Watch.start(t, { options: { attempts: 1 } });
  for (const [thrown, reason] of [
    [new TypeError('x is not a function'), 'TypeError: x is not a function'],
    [new Error('no image\n    at decode (thumbnail.ts:3:5)'), 'no image'],
    ['a text', 'Function "work" failed'],
  ] as const) {
    watch.land('broken.jpg');
    (await watch.pool.next()).fail(new FunctionError('Function "work" failed', { cause: thrown }));
    const { message } = await watch.pool.line('error', /set aside/);
    assert.equal(message, `broken.jpg is set aside until it changes: work failed: ${reason}`);
    watch.pool.lines.length = 0;
  }
});

test('a file that was set aside counts its attempts anew when it is replaced', async (t) => {
  const watch = await Watch.start(t, { timings: quick, options: { attempts: 2 } });
  for (const round of [1, 2]) {
    watch.land('broken.jpg', makeJpeg({ scanBytes: 1_000 * round }));
    for (const _ of [1, 2]) (await watch.pool.next()).fail(new FunctionError('no image'));
    await until(`it is set aside ${round} times`, () => watch.pool.linesLike('error').length === round);
  }
  assert.equal(watch.pool.calls.length, 4);
});

test('a file that is being tried again holds nobody up', async (t) => {
  const watch = await Watch.start(t, { timings: { firstRetry: 600_000 } });
  watch.land('broken.jpg');
  (await watch.pool.next()).fail(new FunctionError('no image'));
  watch.land('other.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'other.jpg');
});

for (const { name, error } of [
  {
    name: 'arguments that the function does not take',
    error: new InvalidInputError('src: expected a string', { issues: [] }),
  },
  {
    name: 'a value that cannot be sent',
    error: new SerializationError('args.run is a function', { path: 'args.run' }),
  },
]) {
  test(`${name} are no reason to try again: the file is set aside at once`, async (t) => {
    const watch = await Watch.start(t, { timings: quick });
    watch.land('photo.jpg');
    (await watch.pool.next()).fail(error);
    const line = await watch.pool.line('error', /photo\.jpg is set aside/);
    assert.ok(line.message.includes(error.message));
    watch.land('fence.jpg');
    assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
  });
}

test('a file for which `args` throws is set aside with what it threw', async (t) => {
  const watch = await Watch.start(t, {
    options: {
      args: (file) => {
        if (file.name === 'odd.jpg') throw new Error('not in my scheme');
        return file;
      },
    },
  });
  watch.land('odd.jpg');
  const line = await watch.pool.line('error', /odd\.jpg is set aside/);
  assert.match(line.message, /args.*not in my scheme/);
  watch.land('fence.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'fence.jpg');
});

for (const { name, error } of [
  { name: 'does not exist', error: () => new FunctionNotFoundError('there is no function "work"') },
  { name: 'does not load', error: () => new FunctionLoadError('work.ts has a syntax error') },
]) {
  test(`while the function ${name} files wait, it is said once, and all are handed in when it can be run`, async (t) => {
    const watch = await Watch.start(t, { timings: { firstPause: 5, longestPause: 20, freshness: 600_000 } });
    watch.land('earlier.jpg');
    (await watch.pool.next()).succeed();
    await watch.pool.line('info', /work earlier\.jpg/);
    for (let index = 0; index < 12; index += 1) watch.land(`${index}.jpg`);
    await until('all are in line', () => watch.pool.linesLike('debug', /is complete/).length === 13);
    for (let open = 0; open < 8; open += 1) (await watch.pool.next()).fail(error());
    for (let probe = 0; probe < 5; probe += 1) {
      const call = await watch.pool.next();
      assert.deepEqual(watch.pool.untaken, [], 'one file at a time probes');
      call.fail(error());
    }
    const [line, ...more] = watch.pool.linesLike('error');
    assert.match(line?.message ?? '', /work can't be run, files wait for it/);
    assert.deepEqual(more, []);

    watch.pool.handler = () => undefined;
    await until('all were processed', () => watch.pool.linesLike('info', /^work \d+\.jpg/).length === 12);
    assert.equal(watch.pool.linesLike('error').length, 1);
    assert.equal(watch.pool.linesLike('info', /can be run again/).length, 1);
    assert.deepEqual(watch.pool.linesLike('warn'), []);
  });
}

for (const { name, error } of [
  { name: 'is full', error: new QueueFullError('the queue is full') },
  { name: 'is closed before the trigger is stopped', error: new RuntimeClosedError('the runtime is closed') },
]) {
  test(`while the pool ${name} files wait without being counted as failed`, async (t) => {
    const watch = await Watch.start(t, { timings: { firstPause: 5 }, options: { attempts: 1 } });
    let refusals = 5;
    watch.pool.handler = () => {
      refusals -= 1;
      if (refusals >= 0) throw error;
    };
    watch.land('photo.jpg');
    await watch.pool.line('info', /work photo\.jpg/);
    assert.equal(watch.pool.calls.length, 6);
    for (const level of ['warn', 'error'] as const) assert.deepEqual(watch.pool.linesLike(level), []);
    assert.deepEqual(watch.pool.linesLike('info', /again/), []);
  });
}

for (const { name, content } of [
  { name: 'unknown.bin', content: Buffer.from('half of it') },
  { name: 'cut-off.jpg', content: makeJpeg().subarray(0, 700) },
]) {
  test(`a failure on ${name}, which its format does not vouch for, is no attempt while the file is young`, async (t) => {
    const youngAge = 2_000;
    const watch = await Watch.start(t, { options: { attempts: 1 }, timings: { youngAge, patience: 50 } });
    const landed = performance.now();
    watch.land(name, content);
    (await watch.pool.next()).fail(new FunctionError('unexpected end of file'));
    const second = await watch.pool.next();
    // The clock of the file system ticks every 4 to 10 ms: by it a file may be that much older.
    assert.ok(performance.now() - landed >= youngAge - 20, 'tried again when it is not young any more');
    assert.equal(watch.pool.linesLike('error').length, 0);
    second.fail(new FunctionError('unexpected end of file'));
    await watch.pool.line('error', new RegExp(`${name} is set aside`));
  });
}

test('a young file that failed is handed in as soon as it is complete', async (t) => {
  const watch = await Watch.start(t, { options: { attempts: 1 }, timings: { patience: 50 } });
  const content = makeJpeg();
  watch.land('slow.jpg', content.subarray(0, 700));
  (await watch.pool.next()).fail(new FunctionError('unexpected end of file'));
  watch.land('slow.jpg', content);
  (await watch.pool.next()).succeed();
  await watch.pool.line('info', /work slow\.jpg/);
  assert.deepEqual(watch.pool.linesLike('error'), []);
});

test('the reason says so when a photo that was set aside has no end', async (t) => {
  const watch = await Watch.start(t, { options: { attempts: 1 }, timings: { youngAge: 0, patience: 50 } });
  watch.land('cut-off.jpg', makeJpeg().subarray(0, 700));
  (await watch.pool.next()).fail(new FunctionError('premature end'));
  const { message } = await watch.pool.line('error', /set aside/);
  assert.match(message, /seems incomplete, and work failed: premature end/);
});

test('a timeout is an attempt like a crash', async (t) => {
  const watch = await Watch.start(t, { options: { attempts: 2 }, timings: quick });
  watch.land('huge.jpg');
  const timeout = () => new TimeoutError('it ran longer than 30 s', { timeoutMs: 30_000 });
  (await watch.pool.next()).fail(timeout(), 'timedOut');
  (await watch.pool.next()).fail(timeout(), 'timedOut');
  await watch.pool.line('error', /huge\.jpg is set aside.*failed 2 times.*longer than 30 s/);
  assert.deepEqual(filesOf(watch.pool), ['huge.jpg', 'huge.jpg']);
});

/** What a function throws that could not write, as `thumbnail` does: the reason of the system is the cause of its own. */
function noRoom(code: string): FunctionError {
  const system = Object.assign(new Error(`${code}: no space left on device, write`), { code });
  const thrown = new Error('small.jpg can not be written', { cause: system });
  return new FunctionError('work failed', { cause: thrown });
}

for (const code of ['ENOSPC', 'EDQUOT']) {
  test(`a file for which there is no room (${code}) waits until there is some, without an attempt`, async (t) => {
    const watch = await Watch.start(t, {
      options: { attempts: 1 },
      timings: { roomRetry: 1, firstPause: 1, longestPause: 5 },
    });
    watch.land('photo.jpg');
    for (let time = 0; time < 5; time += 1) (await watch.pool.next()).fail(noRoom(code));
    (await watch.pool.next()).succeed();
    await watch.pool.line('info', /work photo\.jpg/);
    assert.deepEqual(
      watch.pool.linesLike('error').map(({ message }) => message),
      [
        'work has no room for photo.jpg: small.jpg can not be written. Files wait until there is some, and no attempt is counted',
      ],
    );
    assert.equal(
      watch.pool.linesLike('info').filter(({ message }) => /has room again/.test(message)).length,
      1,
    );
  });
}

test('until then it is listed as one that waits, with the reason', async (t) => {
  const watch = await Watch.start(t, { timings: { roomRetry: 600_000 } });
  watch.land('photo.jpg');
  (await watch.pool.next()).fail(noRoom('ENOSPC'));
  await watch.pool.line('error', /no room for photo\.jpg/);
  const files = await watch.trigger.openFiles({ root: watch.root, store: watch.pool.context.store });
  const [waiting] = [...files.list('waiting')];
  assert.equal(waiting?.path, watch.path('photo.jpg'));
  assert.equal(waiting.reason, 'small.jpg can not be written');
  assert.equal(waiting.failures, 0);
  assert.ok(Date.parse(waiting.nextAttempt ?? '') > Date.now());
  files.retry(watch.path('photo.jpg'));
  (await watch.pool.next()).succeed();
});

test('while there is no room one file at a time tries, and one for which there never is any holds up no other', async (t) => {
  const names = ['a.jpg', 'b.jpg', 'c.jpg'];
  const watch = await Watch.start(t, {
    options: { attempts: 1 },
    timings: { roomRetry: 50, firstPause: 50, longestPause: 50 },
  });
  watch.land('large.jpg');
  (await watch.pool.next()).fail(noRoom('ENOSPC'));
  await watch.pool.line('error', /no room for large\.jpg/);
  for (const name of names) watch.land(name);
  const done: string[] = [];
  while (done.length < names.length) {
    const call = await watch.pool.next();
    if (done.length === 0) assert.equal(watch.pool.calls.filter(({ hasEnded }) => !hasEnded).length, 1);
    if (fileOf(call) === 'large.jpg') call.fail(noRoom('ENOSPC'));
    else {
      done.push(fileOf(call));
      call.succeed();
    }
  }
  // They landed in one go, and are looked at side by side.
  assert.deepEqual(done.sort(), names);
});

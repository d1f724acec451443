import assert from 'node:assert/strict';
import { test } from 'node:test';
import { held } from '../support/hold-worker.ts';
import { runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { until } from '../support/wait.ts';
import { startProgram } from './support-program.ts';

const files = {
  'functions/double.js': 'export default (value) => value * 2;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, 'waited');`,
  'functions/fail.js': `export default () => { throw new RangeError('no such photo'); };`,
};

/** 26 characters of Crockford's base 32. */
const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

test('an invocation is the promise of its result, and says how it went', async (t) => {
  const { runtime } = await runProject(t, files);
  const invocation = runtime.invoke<number>('double', 21);
  assert(invocation instanceof Promise);
  assert.match(invocation.id, ulid);
  assert.equal(invocation.functionName, 'double');
  assert.equal(invocation.report, undefined);
  assert.equal(await invocation, 42);
  assert.equal(invocation.status, 'succeeded');

  const waited = runtime.invoke('wait', 100);
  assert.equal(await waited, 'waited');
  const { durationMs, queueMs, initMs, memoryMB, worker } = waited.report ?? assert.fail('no report');
  // A timer of Node may be early by less than a ms.
  assert(durationMs >= 99, `it waited 100 ms, and is said to have run ${durationMs} ms`);
  assert(queueMs >= 0);
  assert.equal(initMs, 0, 'the worker was warm');
  assert(memoryMB > 10 && memoryMB < 1_000, `${memoryMB} MB`);
  assert.equal(worker, runtime.stats().workers[0]?.id);
});

test('what then, catch and finally return are plain promises', async (t) => {
  const { runtime } = await runProject(t, files);
  const invocation = runtime.invoke<number>('double', 1);
  const derived = [
    invocation.then((value) => value),
    invocation.catch(() => 0),
    invocation.finally(() => {}),
  ];
  for (const promise of derived) assert.equal(promise.constructor, Promise);
  assert.deepEqual(await Promise.all([invocation, ...derived]), [2, 2, 2, 2]);
});

test('ids are unique and sort in the order of the calls', async (t) => {
  const { runtime } = await runProject(t, files);
  const invocations = Array.from({ length: 200 }, (_, index) => runtime.invoke<number>('double', index));
  const ids = invocations.map(({ id }) => id);
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, ids.length);
  const results = await Promise.all(invocations);
  assert.deepEqual(
    results,
    ids.map((_, index) => index * 2),
  );
});

test('the status goes from queued over running to the end, and so do the figures of the runtime', async (t) => {
  const { project, runtime } = await runProject(t, { ...files, ...held }, { config: { pool: { max: 1 } } });
  const first = runtime.invoke('held', project.path('go'));
  const second = runtime.invoke('double', 2);
  const invokedAt = performance.now();
  await until('the first to run', () => first.status === 'running');
  assert.equal(second.status, 'queued');
  const { queued, running } = runtime.stats();
  assert.deepEqual({ queued, running }, { queued: 1, running: 1 });
  assert.equal(runtime.stats().workers[0]?.state, 'busy');
  const behindMs = performance.now() - invokedAt;
  project.write('go', '');
  await Promise.all([first, second]);
  assert.deepEqual([first.status, second.status], ['succeeded', 'succeeded']);
  const after = runtime.stats();
  assert.deepEqual([after.queued, after.running, after.workers[0]?.state], [0, 0, 'ready']);
  assert.equal(after.workers[0]?.invocations, 2);
  const queueMs = second.report?.queueMs ?? 0;
  assert(
    queueMs >= behindMs,
    `it waited behind the first for ${behindMs} ms, and is said to have for ${queueMs}`,
  );
});

test('an invocation that waits for a worker to start is told how long that took', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 2 } } });
  // Longer than a worker takes to start, even here and now.
  const first = runtime.invoke('wait', 20_000);
  const second = runtime.invoke('double', 2);
  await second;
  assert((second.report?.initMs ?? 0) > 0);
  assert.notEqual(second.report?.worker, runtime.stats().workers.find(({ state }) => state === 'busy')?.id);
  first.cancel();
  await assert.rejects(first, { code: 'CANCELLED' });
});

test('the counts of a function say how its invocations ended', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace: '50ms' } } });
  const cancelled = runtime.invoke('wait', 20_000);
  const invocations = [
    cancelled,
    runtime.invoke('wait', 1),
    runtime.invoke('wait', 20_000, { timeout: 50 }),
    runtime.invoke('fail'),
  ];
  cancelled.cancel();
  await Promise.allSettled(invocations);
  const none = { invocations: 0, succeeded: 0, failed: 0, cancelled: 0, timedOut: 0, crashed: 0 };
  const expected = {
    double: none,
    fail: { ...none, invocations: 1, failed: 1 },
    wait: { ...none, invocations: 3, succeeded: 1, cancelled: 1, timedOut: 1 },
  };
  const { functions } = runtime.stats();
  assert.deepEqual(
    Object.fromEntries(
      Object.entries(functions).map(([name, { run, wait, total, coldStarts, ...counts }]) => [name, counts]),
    ),
    expected,
  );
  assert.deepEqual(Object.fromEntries(runtime.functions().map(({ name, stats }) => [name, stats])), expected);
});

test('an invocation that fails and that nobody awaits ends the program, like any rejection', async (t) => {
  const project = makeProject(t, files);
  const program = startProgram(
    t,
    project,
    `
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime();
    const invocation = runtime.invoke('fail');
    for await (const value of invocation.progress) console.log(value, invocation.status);
    setInterval(() => {}, 1000);`,
  );
  const { code, stderr } = await program.ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /FunctionError: Function "fail" failed: RangeError: no such photo/);
  assert.match(stderr, /functionName: 'fail'/);
});

test('each rejection is told once: progress, status and drain add none, and a handler takes it', async (t) => {
  const project = makeProject(t, files);
  const program = startProgram(
    t,
    project,
    `
    import { createRuntime } from 'warm-pool';
    const unhandled = [];
    process.on('unhandledRejection', (error) => unhandled.push(error.invocationId));
    const runtime = await createRuntime({ config: { pool: { max: 1 } } });
    const alone = runtime.invoke('fail');
    alone.progress[Symbol.asyncIterator]().next();
    alone.status;
    const handled = runtime.invoke('fail');
    handled.catch(() => {});
    handled.progress[Symbol.asyncIterator]().next();
    const cancelled = runtime.invoke('wait', 1000);
    cancelled.cancel();
    await runtime.drain();
    await runtime.close();
    console.log(JSON.stringify({ unhandled, expected: [cancelled.id, alone.id] }));`,
  );
  const { unhandled, expected } = await program.line<Record<string, string[]>>(0);
  assert.deepEqual(unhandled?.sort(), expected?.sort());
  assert.equal((await program.ended).code, 0);
});

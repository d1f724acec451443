import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Priority, QueueFullError } from 'warm-pool';
import { held, holdWorker } from '../support/hold-worker.ts';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

const files = {
  ...held,
  'functions/echo.js': 'export default (value) => value;',
  'functions/note.js': `
    import fs from 'node:fs';
    export default (what) => fs.appendFileSync(new URL('../order', import.meta.url), what + ';');`,
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, 'waited');`,
};

/** Goes on after it was cancelled, until there is a file `go`. */
const lingering = (version: number) => `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export default async (value) => {
    while (!fs.existsSync(new URL('../go', import.meta.url))) await setTimeout(5);
    return ${version};
  };`;

test('high comes before normal and normal before low, each in the order of the calls', async (t) => {
  const running = await runProject(t, files, { config: { pool: { max: 1 } } });
  const { runtime } = running;
  const calls: (Priority | undefined)[] = [
    'low',
    'normal',
    'high',
    undefined,
    'low',
    'high',
    'normal',
    'high',
  ];
  const ended: string[] = [];
  const letGo = await holdWorker(running);
  const invocations = calls.map(async (priority, index) => {
    await runtime.invoke('echo', index, { priority });
    ended.push(`${priority ?? 'normal'} ${index}`);
  });
  letGo();
  await within('all of them', Promise.all(invocations));
  assert.deepEqual(ended, [
    ...['high 2', 'high 5', 'high 7'],
    ...['normal 1', 'normal 3', 'normal 6'],
    ...['low 0', 'low 4'],
  ]);
});

test('an invocation with a high priority does not wait behind a thousand low ones', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const many = Array.from({ length: 1_000 }, () => runtime.invoke('wait', 1, { priority: 'low' }));
  const high = runtime.invoke('echo', 'high', { priority: 'high' });
  assert.equal(await within('the one', high), 'high');
  const ended = many.filter(({ status }) => status === 'succeeded').length;
  assert(ended < 100, `${ended} ended before it`);
  for (const invocation of many) invocation.cancel();
  await Promise.allSettled(many);
});

test('one that is put back because its worker died keeps its place', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const pid = runtime.stats().workers[0]?.pid as number;
  const ended: number[] = [];
  process.kill(pid, 'SIGKILL');
  // The first is handed to the dead worker, the others wait.
  const invocations = Array.from({ length: 20 }, async (_, index) => {
    ended.push(await runtime.invoke<number>('echo', index));
  });
  await within('all of them', Promise.all(invocations));
  assert.deepEqual(
    ended,
    invocations.map((_, index) => index),
  );
});

test('a place in the queue that a cancel frees can be taken', async (t) => {
  const running = await runProject(t, files, { config: { pool: { max: 1, queueLimit: 1 } } });
  const { runtime } = running;
  const letGo = await holdWorker(running);
  const first = runtime.invoke('echo', 'first');
  await rejectionOf(runtime.invoke('echo', 'refused'), QueueFullError);
  first.cancel();
  const second = runtime.invoke('echo', 'second');
  letGo();
  await assert.rejects(first, { code: 'CANCELLED' });
  assert.equal(await within('the second', second), 'second');
});

test('with a queueLimit of 0 an invocation runs at once or not at all', async (t) => {
  const running = await runProject(t, files, { config: { pool: { max: 1, queueLimit: 0 } } });
  const { runtime } = running;
  for (let round = 0; round < 3; round++) assert.equal(await runtime.invoke('echo', round), round);
  const letGo = await holdWorker(running);
  await rejectionOf(runtime.invoke('echo'), QueueFullError);
  letGo();
  await within('the drain', runtime.drain());
});

test('a drain resolves when nothing waits or runs, however it ended', async (t) => {
  const { runtime } = await runProject(
    t,
    { ...files, 'functions/die.js': 'export default () => process.exit(1);' },
    { config: { pool: { max: 2, killGrace: '50ms' } } },
  );
  await within('a drain of nothing', runtime.drain());
  const invocations = [
    ...Array.from({ length: 10 }, () => runtime.invoke('wait', 30)),
    runtime.invoke('die'),
    runtime.invoke('wait', 60_000, { timeout: 50 }),
    runtime.invoke('no such function'),
  ];
  const cancelled = runtime.invoke('wait', 60_000);
  const settled = Promise.allSettled([...invocations, cancelled]);
  cancelled.cancel();
  let isDrained = false;
  const drains = Promise.all([runtime.drain(), runtime.drain()]).then(() => {
    isDrained = true;
  });
  await until('some to end', () => invocations.some(({ status }) => status === 'succeeded'));
  assert.equal(isDrained, false);
  await within('the drains', drains);
  assert(invocations.every(({ status }) => status !== 'queued' && status !== 'running'));
  assert.deepEqual([runtime.stats().queued, runtime.stats().running], [0, 0]);
  await settled;
  assert.equal(await runtime.invoke('echo', 'after it'), 'after it');
});

test('a drain waits for a function that goes on after its timeout', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace: '10 min' } } });
  const invocation = runtime.invoke('wait', 500, { timeout: 50 });
  await assert.rejects(invocation, { code: 'TIMEOUT' });
  assert.equal(runtime.stats().running, 1);
  await within('the drain', runtime.drain());
  assert.equal(runtime.stats().running, 0);
  assert.equal(runtime.stats().workers[0]?.invocations, 1);
});

test('a drain resolves also when what it waits for ends in a worker whose code was replaced meanwhile', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/linger.js': lingering(1) },
    { hotReload: true, config: { pool: { max: 1, killGrace: '10 min' } } },
  );
  const { version } = infoOf(runtime, 'linger');
  const invocation = runtime.invoke('linger');
  await until('it to run', () => invocation.status === 'running');
  invocation.cancel();
  await assert.rejects(invocation, { code: 'CANCELLED' });
  project.write('functions/linger.js', lingering(2));
  await until('the reload', () => infoOf(runtime, 'linger').version !== version);
  const drained = runtime.drain();
  project.write('go', '');
  await within('the drain', drained);
  assert.equal(await runtime.invoke('linger'), 2);
});

test('with a queueLimit of 0 as many are taken as can run, also while their workers start', async (t) => {
  for (const min of [0, 1]) {
    const { runtime } = await runProject(t, files, { config: { pool: { min, max: 2, queueLimit: 0 } } });
    const taken = [runtime.invoke('wait', 100), runtime.invoke('wait', 100)];
    const { message } = await rejectionOf(runtime.invoke('wait', 100), QueueFullError);
    assert.match(message, /queueLimit/);
    assert.deepEqual(await within('those that were taken', Promise.all(taken)), ['waited', 'waited']);
  }
});

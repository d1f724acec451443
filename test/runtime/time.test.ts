import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeoutError } from 'warm-pool';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';

const waiting = `
  import { setTimeout } from 'node:timers/promises';
  export default (ms) => setTimeout(ms, process.pid);`;

const files = {
  'functions/wait.js': waiting,
  'functions/strict.js': `${waiting} export const config = { timeout: '100ms' };`,
  'functions/unlimited.js': `${waiting} export const config = { timeout: Infinity };`,
  'functions/spin.js': 'export default () => { for (;;); };',
  'functions/pid.js': 'export default () => process.pid;',
  'functions/late.js': `
    import { setTimeout } from 'node:timers/promises';
    export default async (value, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await setTimeout(20);
      return value;
    };`,
};

const killGrace = '50ms';

const limits: [what: string, name: string, options: { timeout?: string | number }, timeoutMs: number][] = [
  ['of the pool', 'wait', {}, 200],
  ['of the function', 'strict', {}, 100],
  ['of the call, in place of the function’s', 'strict', { timeout: 50 }, 50],
  ['of the call, in place of the pool’s', 'wait', { timeout: '70ms' }, 70],
  ['of the call, in place of none', 'unlimited', { timeout: '10ms' }, 10],
];

for (const [what, name, options, timeoutMs] of limits) {
  test(`an invocation ends at the timeout ${what}`, async (t) => {
    const { runtime } = await runProject(t, files, { config: { pool: { timeout: '200ms', killGrace } } });
    const invocation = runtime.invoke(name, 60_000, options);
    const error = await rejectionOf(invocation, TimeoutError);
    assert.equal(error.timeoutMs, timeoutMs);
    assert.match(error.message, new RegExp(`"${name}" ran longer than its timeout of ${timeoutMs} ms`));
    assert.equal(invocation.status, 'timedOut');
    const { durationMs } = invocation.report ?? assert.fail('no report');
    assert(durationMs >= timeoutMs - 1, `${durationMs} ms`);
    assert.equal(infoOf(runtime, name).stats.timedOut, 1);
  });
}

const patient: [what: string, name: string, options: { timeout?: string | number }][] = [
  ['Infinity of the call', 'strict', { timeout: Infinity }],
  ['Infinity of the function', 'unlimited', {}],
  ['more than a timer can hold', 'strict', { timeout: '30 days' }],
];

for (const [what, name, options] of patient) {
  test(`with a timeout of ${what} it may take its time`, async (t) => {
    const { runtime } = await runProject(t, files, { config: { pool: { timeout: 100, killGrace } } });
    assert.equal(typeof (await within('the end', runtime.invoke(name, 400, options))), 'number');
  });
}

test('the list of functions tells the timeout of each', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { timeout: '200ms' } } });
  const timeouts = ['wait', 'strict', 'unlimited'].map((name) => infoOf(runtime, name).config.timeout);
  assert.deepEqual(timeouts, [200, 100, Infinity]);
});

test('a timeout begins when the function does, not in the queue', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace } } });
  // The last waits longer than its timeout, but none runs so long.
  const invocations = Array.from({ length: 9 }, () => runtime.invoke('wait', 300, { timeout: 2_000 }));
  await within('all of them', Promise.all(invocations));
  const last = invocations.at(-1)?.report ?? assert.fail('no report');
  assert(last.queueMs > 2_000, `it waited ${last.queueMs} ms`);
});

test('the wait for a worker to start is not part of the timeout', async (t) => {
  const { runtime } = await runProject(
    t,
    { ...files, 'functions/late-load.js': 'await new Promise((resolve) => setTimeout(resolve, 1_500));' },
    { config: { pool: { max: 1, killGrace } } },
  );
  process.kill(await runtime.invoke<number>('pid'), 'SIGKILL');
  const invocation = runtime.invoke<number>('wait', 1, { timeout: 1_000 });
  await within('the invocation', invocation);
  const { initMs, queueMs } = invocation.report ?? assert.fail('no report');
  assert(initMs + queueMs > 1_000, `${initMs} ms for the start, ${queueMs} ms in the queue`);
});

test('an endless loop ends at its timeout, and its worker is replaced', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace } } });
  const before = await runtime.invoke<number>('pid');
  const invocation = runtime.invoke('spin', undefined, { timeout: 100 });
  const next = runtime.invoke<number>('pid');
  await rejectionOf(invocation, TimeoutError);
  assert.notEqual(await within('the next one', next), before);
  assert.equal(await isAlive(before), false);
  assert.equal(runtime.stats().workers.length, 1);
});

test('the caller is told at the timeout, however long the function is given to end', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace: '60s' } } });
  await rejectionOf(runtime.invoke('spin', undefined, { timeout: 50 }), TimeoutError);
  // Its worker is still taken.
  assert.equal(runtime.stats().running, 1);
  assert.equal(runtime.stats().workers[0]?.state, 'busy');
});

test('a result that comes after the timeout is discarded, and its worker goes on', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace: '60s' } } });
  const before = await runtime.invoke<number>('pid');
  for (let round = 0; round < 5; round++) {
    const late = runtime.invoke('late', 'too late', { timeout: 20 });
    const next = runtime.invoke('pid');
    await rejectionOf(late, TimeoutError);
    assert.equal(await within('the next one', next), before);
    assert.equal(late.status, 'timedOut');
  }
  await until('the end of all', () => runtime.stats().running === 0);
});

test('what ends in time is not disturbed by its timeout later', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace: 1 } } });
  const before = await runtime.invoke('pid');
  for (let round = 0; round < 20; round++) await runtime.invoke('pid', undefined, { timeout: 1_000 });
  // Longer than the timeouts of those before it.
  await runtime.invoke('wait', 1_200, { timeout: '20s' });
  assert.equal(await runtime.invoke('pid'), before);
});

import assert from 'node:assert/strict';
import { TimeoutError, WorkerCrashedError } from 'warm-pool';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach, untilGone, whoIs } from './support.ts';

const waiting = `
  import { setTimeout } from 'node:timers/promises';
  export default (ms) => setTimeout(ms, 'waited');`;

const files = {
  'functions/strict.js': `${waiting} export const config = { timeout: '100ms' };`,
  'functions/unlimited.js': `${waiting} export const config = { timeout: Infinity };`,
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
  testEach(`an invocation ends at the timeout ${what}`, async (_t, open) => {
    const { runtime } = await open({ timeout: '200ms', killGrace }, files);
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
  testEach(`with a timeout of ${what} it may take its time`, async (_t, open) => {
    const { runtime } = await open({ timeout: 100, killGrace }, files);
    assert.equal(await within('the end', runtime.invoke(name, 400, options)), 'waited');
  });
}

testEach('the list of functions tells the timeout of each', async (_t, open) => {
  const { runtime } = await open({ timeout: '200ms' }, files);
  const timeouts = ['wait', 'strict', 'unlimited'].map((name) => infoOf(runtime, name).config.timeout);
  assert.deepEqual(timeouts, [200, 100, Infinity]);
});

testEach('a timeout begins when the function does, not in the queue', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace }, files);
  // The last waits longer than its timeout, but none runs so long.
  const invocations = Array.from({ length: 9 }, () => runtime.invoke('wait', 300, { timeout: 2_000 }));
  await within('all of them', Promise.all(invocations));
  const last = invocations.at(-1)?.report ?? assert.fail('no report');
  assert(last.queueMs > 2_000, `it waited ${last.queueMs} ms`);
});

testEach('the wait for a worker to start is not part of the timeout', async (_t, open) => {
  const { runtime } = await open(
    { max: 1, killGrace },
    {
      'functions/exit.js': 'export default () => process.exit(1);',
      'functions/late-load.js': 'await new Promise((resolve) => setTimeout(resolve, 1_500));',
    },
  );
  await rejectionOf(runtime.invoke('exit'), WorkerCrashedError);
  const invocation = runtime.invoke('wait', 1, { timeout: 1_000 });
  await within('the invocation', invocation);
  const { initMs, queueMs } = invocation.report ?? assert.fail('no report');
  assert(initMs + queueMs > 1_000, `${initMs} ms for the start, ${queueMs} ms in the queue`);
});

testEach('an endless loop ends at its timeout, and its worker is replaced', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace }, files);
  const before = await whoIs(runtime);
  const invocation = runtime.invoke('spin', undefined, { timeout: 100 });
  const next = runtime.invoke<string>('who');
  await rejectionOf(invocation, TimeoutError);
  assert.notEqual(await within('the next one', next), before);
  await untilGone([before]);
  assert.equal(runtime.stats().workers.length, 1);
});

testEach('the caller is told at the timeout, however long the function is given to end', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace: '60s' }, files);
  await rejectionOf(runtime.invoke('spin', undefined, { timeout: 50 }), TimeoutError);
  // Its worker is still taken.
  assert.equal(runtime.stats().running, 1);
  assert.equal(runtime.stats().workers[0]?.state, 'busy');
});

testEach('a result that comes after the timeout is discarded, and its worker goes on', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace: '60s' }, files);
  const before = await whoIs(runtime);
  for (let round = 0; round < 5; round++) {
    const late = runtime.invoke('late', 'too late', { timeout: 20 });
    const next = runtime.invoke('who');
    await rejectionOf(late, TimeoutError);
    assert.equal(await within('the next one', next), before);
    assert.equal(late.status, 'timedOut');
  }
  await until('the end of all', () => runtime.stats().running === 0);
});

testEach('what ends in time is not disturbed by its timeout later', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace: 1 }, files);
  const before = await whoIs(runtime);
  for (let round = 0; round < 20; round++) await runtime.invoke('who', undefined, { timeout: 1_000 });
  // Longer than the timeouts of those before it.
  await runtime.invoke('wait', 1_200, { timeout: '20s' });
  assert.equal(await whoIs(runtime), before);
});

testEach(
  'a program that was busy for longer than a timeout times out only what has not ended',
  async (_t, open) => {
    const print = `
    import { setTimeout } from 'node:timers/promises';
    export default async (ms) => { await setTimeout(ms); console.log('printed'); return 'printed'; };`;
    const { runtime } = await open({ min: 3, max: 3, killGrace }, { 'functions/print.js': print });
    const options = { timeout: 500 };
    const ended = [runtime.invoke('wait', 50, options), runtime.invoke('print', 50, options)];
    const endless = runtime.invoke('wait', 60_000, options);
    const timedOut = rejectionOf(endless, TimeoutError);
    await until('them to run', () => [...ended, endless].every(({ status }) => status === 'running'));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    assert.deepEqual(await within('those that have', Promise.all(ended)), ['waited', 'printed']);
    await timedOut;
  },
);

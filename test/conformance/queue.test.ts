import assert from 'node:assert/strict';
import { type Priority, QueueFullError, type Runtime } from 'warm-pool';
import { held, holdWorker } from '../support/hold-worker.ts';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { testEach } from './support.ts';

testEach('one worker runs what waits in the order of the calls', async (_t, open) => {
  const { runtime } = await open({ max: 1 });
  await assertOrder(runtime, 2_500);
});

/** So many invocations end in the order of the calls. */
async function assertOrder(runtime: Runtime, count: number): Promise<void> {
  const ended: number[] = [];
  const invocations = Array.from({ length: count }, async (_, index) => {
    ended.push(await runtime.invoke<number>('echo', index));
  });
  await within('all of them', Promise.all(invocations));
  assert.deepEqual(
    ended,
    invocations.map((_, index) => index),
  );
}

testEach(
  'one that is put back because its worker died keeps its place',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 });
    // The first is handed to the dead worker, the others wait.
    process.kill(runtime.stats().workers[0]?.pid as number, 'SIGKILL');
    await assertOrder(runtime, 20);
  },
  ['process'],
);

testEach('what comes while others wait goes behind them', async (_t, open) => {
  const running = await open({ max: 1 }, held);
  const { runtime } = running;
  const ended: number[] = [];
  const invoke = async (index: number) => void ended.push(await runtime.invoke<number>('echo', index));
  const letGo = await holdWorker(running);
  const first = [0, 1, 2].map(invoke);
  letGo();
  await first[0];
  await Promise.all([...first, ...[3, 4, 5].map(invoke)]);
  assert.deepEqual(ended, [0, 1, 2, 3, 4, 5]);
});

testEach(
  'what is beyond the queueLimit is refused at once, and what waits is not disturbed',
  async (_t, open) => {
    const running = await open({ max: 1, queueLimit: 3 }, held);
    const { runtime } = running;
    const letGo = await holdWorker(running);
    const waiting = [0, 1, 2].map((index) => runtime.invoke('echo', index));
    const refused = [3, 4].map((index) => runtime.invoke('echo', index));
    for (const invocation of refused) {
      assert.equal(invocation.status, 'failed');
      const error = await rejectionOf(invocation, QueueFullError);
      assert.match(error.message, /queue is full: 3 invocations wait already \(queueLimit\)/);
    }
    assert.equal(runtime.stats().queued, 3);
    letGo();
    await within('the drain', runtime.drain());
    assert.deepEqual(await Promise.all(waiting), [0, 1, 2]);
    assert.deepEqual(infoOf(runtime, 'echo').stats.failed, 2);
    assert.equal(await runtime.invoke('echo', 'again'), 'again');
  },
);

testEach(
  'high comes before normal and normal before low, each in the order of the calls',
  async (_t, open) => {
    const running = await open({ max: 1 }, held);
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
  },
);

testEach('an invocation with a high priority does not wait behind a thousand low ones', async (_t, open) => {
  const { runtime } = await open({ max: 1 });
  const many = Array.from({ length: 1_000 }, () => runtime.invoke('wait', 1, { priority: 'low' }));
  const high = runtime.invoke('echo', 'high', { priority: 'high' });
  assert.equal(await within('the one', high), 'high');
  const ended = many.filter(({ status }) => status === 'succeeded').length;
  assert(ended < 100, `${ended} ended before it`);
  for (const invocation of many) invocation.cancel();
  await Promise.allSettled(many);
});

testEach('a place in the queue that a cancel frees can be taken', async (_t, open) => {
  const running = await open({ max: 1, queueLimit: 1 }, held);
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

testEach('with a queueLimit of 0 an invocation runs at once or not at all', async (_t, open) => {
  const running = await open({ max: 1, queueLimit: 0 }, held);
  const { runtime } = running;
  for (let round = 0; round < 3; round++) assert.equal(await runtime.invoke('echo', round), round);
  const letGo = await holdWorker(running);
  await rejectionOf(runtime.invoke('echo'), QueueFullError);
  letGo();
  await within('the drain', runtime.drain());
});

testEach(
  'with a queueLimit of 0 as many are taken as can run, also while their workers start',
  async (_t, open) => {
    for (const min of [0, 1]) {
      const { runtime } = await open({ min, max: 2, queueLimit: 0 });
      const taken = [runtime.invoke('wait', 100), runtime.invoke('wait', 100)];
      const { message } = await rejectionOf(runtime.invoke('wait', 100), QueueFullError);
      assert.match(message, /queueLimit/);
      assert.deepEqual(await within('those that were taken', Promise.all(taken)), ['waited', 'waited']);
    }
  },
);

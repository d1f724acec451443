import assert from 'node:assert/strict';
import { QueueFullError } from 'warm-pool';
import { held, holdWorker } from '../support/hold-worker.ts';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { testEach } from './support.ts';

testEach('one worker runs what waits in the order of the calls', async (_t, open) => {
  const { runtime } = await open({ max: 1 });
  const ended: number[] = [];
  const invocations = Array.from({ length: 2_500 }, async (_, index) => {
    ended.push(await runtime.invoke<number>('echo', index));
  });
  await within('all of them', Promise.all(invocations));
  assert.deepEqual(
    ended,
    invocations.map((_, index) => index),
  );
});

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

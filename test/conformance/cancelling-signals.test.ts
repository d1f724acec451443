import assert from 'node:assert/strict';
import { CancelledError } from 'warm-pool';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

const pool = { max: 1, killGrace: '100ms' };

testEach(
  'of a thousand in the queue any can be cancelled, and the others run in their order',
  async (_t, open) => {
    const { runtime } = await open(pool);
    const blocker = runtime.invoke('wait', 60_000);
    const order: number[] = [];
    const invocations = Array.from({ length: 1_000 }, (_, index) => {
      const invocation = runtime.invoke<number>('echo', index);
      invocation.then((value) => order.push(value)).catch(() => {});
      return invocation;
    });
    const isKept = (index: number) => index % 3 === 0 && (index < 300 || index > 700);
    for (const [index, invocation] of invocations.entries()) if (!isKept(index)) invocation.cancel();
    const kept = invocations.map((_, index) => index).filter(isKept);
    assert.equal(runtime.stats().queued, kept.length);
    blocker.cancel();
    await rejectionOf(blocker, CancelledError);
    const ended = await within('all of them', Promise.allSettled(invocations));
    assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, kept.length);
    assert.deepEqual(order, kept);
    assert.equal(runtime.stats().queued, 0);
  },
);

testEach('a signal cancels what runs and what waits, with its reason as the cause', async (_t, open) => {
  const { runtime } = await open(pool);
  const controller = new AbortController();
  const { signal } = controller;
  const invocations = [runtime.invoke('wait', 60_000, { signal }), runtime.invoke('echo', 1, { signal })];
  const other = runtime.invoke('echo', 'the other');
  await until('the first to run', () => invocations[0]?.status === 'running');
  controller.abort();
  for (const invocation of invocations) {
    const error = await rejectionOf(invocation, CancelledError);
    assert.equal(error.cause, signal.reason);
    assert.equal((error.cause as Error).name, 'AbortError');
    assert.equal(invocation.status, 'cancelled');
  }
  assert.equal(await within('the other', other), 'the other');
});

testEach('AbortSignal.timeout works as a signal', async (_t, open) => {
  const { runtime } = await open(pool);
  const error = await rejectionOf(
    runtime.invoke('wait', 60_000, { signal: AbortSignal.timeout(50) }),
    CancelledError,
  );
  assert.equal((error.cause as Error).name, 'TimeoutError');
});

testEach('a cancel after the end changes nothing', async (_t, open) => {
  const { runtime } = await open(pool);
  const controller = new AbortController();
  const who = await runtime.invoke('who');
  const invocation = runtime.invoke('who', undefined, { signal: controller.signal });
  assert.equal(await invocation, who);
  invocation.cancel();
  controller.abort();
  assert.equal(invocation.status, 'succeeded');
  assert.equal(await invocation, who);
  assert.equal(await runtime.invoke('who'), who);
  assert.deepEqual(infoOf(runtime, 'who').stats.cancelled, 0);
});

testEach('a second cancel changes nothing: the first reason counts', async (_t, open) => {
  const { runtime } = await open(pool);
  const invocation = runtime.invoke('wait', 60_000);
  invocation.cancel('first');
  invocation.cancel('second');
  assert.equal((await rejectionOf(invocation, CancelledError)).cause, 'first');
  assert.equal(infoOf(runtime, 'wait').stats.cancelled, 1);
});

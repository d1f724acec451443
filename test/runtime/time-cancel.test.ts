import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancelledError } from 'warm-pool';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

const files = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/pid.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms, { signal }) => setTimeout(ms, 'waited', { signal });`,
};

const config = { pool: { max: 1, killGrace: '100ms' } };

test('of a thousand in the queue any can be cancelled, and the others run in their order', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const blocker = runtime.invoke('wait', 100);
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
  const ended = await within('all of them', Promise.allSettled([blocker, ...invocations]));
  assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, kept.length + 1);
  assert.deepEqual(order, kept);
  assert.equal(runtime.stats().queued, 0);
});

test('a signal cancels what runs and what waits, with its reason as the cause', async (t) => {
  const { runtime } = await runProject(t, files, { config });
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

test('AbortSignal.timeout works as a signal', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const error = await rejectionOf(
    runtime.invoke('wait', 60_000, { signal: AbortSignal.timeout(50) }),
    CancelledError,
  );
  assert.equal((error.cause as Error).name, 'TimeoutError');
});

test('a cancel after the end changes nothing', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const controller = new AbortController();
  const pid = await runtime.invoke('pid');
  const invocation = runtime.invoke('pid', undefined, { signal: controller.signal });
  assert.equal(await invocation, pid);
  invocation.cancel();
  controller.abort();
  assert.equal(invocation.status, 'succeeded');
  assert.equal(await invocation, pid);
  assert.equal(await runtime.invoke('pid'), pid);
  assert.deepEqual(infoOf(runtime, 'pid').stats.cancelled, 0);
});

test('a second cancel changes nothing: the first reason counts', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const invocation = runtime.invoke('wait', 60_000);
  invocation.cancel('first');
  invocation.cancel('second');
  assert.equal((await rejectionOf(invocation, CancelledError)).cause, 'first');
  assert.equal(infoOf(runtime, 'wait').stats.cancelled, 1);
});

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { CancelledError, type Invocation } from 'warm-pool';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

const files = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/pid.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms, { signal }) => setTimeout(ms, 'waited', { signal });`,
  'functions/touch.js': `
    import fs from 'node:fs';
    export default (file) => fs.writeFileSync(file, '');`,
  'functions/spin.js': 'export default () => { for (;;); };',
};

const config = { pool: { max: 1, killGrace: '100ms' } };

test('a queued invocation that is cancelled rejects at once and never runs', async (t) => {
  const { project, runtime } = await runProject(t, files, { config });
  const running = runtime.invoke('wait', 300);
  const queued = runtime.invoke('touch', project.path('touched'));
  const behind = runtime.invoke('echo', 'behind');
  assert.equal(queued.status, 'queued');
  queued.cancel('changed my mind');
  assert.equal(queued.status, 'cancelled');
  const error = await rejectionOf(queued, CancelledError);
  assert.equal(error.cause, 'changed my mind');
  assert.equal(running.status, 'running', 'the caller is told while the other still runs');
  assert.equal(queued.report, undefined);
  assert.equal(runtime.stats().queued, 1);
  assert.deepEqual(await Promise.all([running, behind]), ['waited', 'behind']);
  await runtime.drain();
  assert.equal(existsSync(project.path('touched')), false);
});

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

test('an invocation that is cancelled before its function has begun never runs', async (t) => {
  const { project, runtime } = await runProject(
    t,
    {
      ...files,
      'functions/prepared.mjs': `
        import fs from 'node:fs';
        import { setImmediate } from 'node:timers/promises';
        import { defineFunction } from 'warm-pool';
        export default defineFunction({
          setup: async () => {
            const root = new URL('../', import.meta.url);
            fs.writeFileSync(new URL('set-up-begun', root), '');
            while (!fs.existsSync(new URL('set-up-may-end', root))) await setImmediate();
            // What was sent before the file was written has been read after a whole turn.
            for (let turn = 0; turn < 2; turn++) await setImmediate();
          },
          handler: (file) => fs.writeFileSync(file, ''),
        });`,
    },
    { config: { pool: { max: 1, killGrace: '60s' } } },
  );
  // On its way to the worker: both messages are read there in one turn.
  const sent = runtime.invoke('touch', project.path('touched'));
  assert.equal(sent.status, 'running');
  sent.cancel();
  await rejectionOf(sent, CancelledError);
  // While it is set up.
  const [begun, mayEnd] = ['set-up-begun', 'set-up-may-end'].map((file) => project.path(file));
  const prepared = runtime.invoke('prepared', project.path('touched-too'));
  await until('the set-up', () => existsSync(begun as string));
  prepared.cancel();
  await rejectionOf(prepared, CancelledError);
  writeFileSync(mayEnd as string, '');
  await within('the worker to be free', runtime.drain());
  assert.equal(await runtime.invoke('echo', 'works'), 'works');
  for (const file of ['touched', 'touched-too']) assert.equal(existsSync(project.path(file)), false, file);
});

test('a running invocation that is cancelled rejects at once, also in an endless loop', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace: '60s' } } });
  for (const name of ['wait', 'spin']) {
    const invocation = runtime.invoke(name, 60_000);
    await until('it to run', () => invocation.status === 'running');
    const reason = new Error('the user left');
    invocation.cancel(reason);
    assert.equal(invocation.status, 'cancelled');
    const error = await rejectionOf(invocation, CancelledError);
    assert.equal(error.cause, reason);
    assert.match(error.message, /"\w+" was cancelled: the user left/);
    assert.equal(invocation.report?.worker, 1);
  }
  assert.equal(runtime.stats().running, 1, 'the loop still has its worker');
});

test('a signal that is aborted already means that nothing runs', async (t) => {
  const { project, runtime } = await runProject(t, files, { config });
  const reason = { why: 'too late' };
  const signal = AbortSignal.abort(reason);
  const invocation = runtime.invoke('touch', project.path('touched'), { signal });
  assert.equal(invocation.status, 'cancelled');
  assert.equal((await rejectionOf(invocation, CancelledError)).cause, reason);
  assert.equal(infoOf(runtime, 'touch').stats.cancelled, 1);
  await runtime.invoke('echo');
  assert.equal(existsSync(project.path('touched')), false);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
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

test('a signal is left alone when its invocations have ended, however they ended', async (t) => {
  const { runtime } = await runProject(t, files, {
    config: { pool: { max: 1, killGrace: '50ms', queueLimit: 3 } },
  });
  const { signal } = new AbortController();
  const listeners = () => getEventListeners(signal, 'abort').length;
  const cancelled = runtime.invoke('wait', 60_000, { signal });
  const invocations = [
    cancelled,
    runtime.invoke('echo', 1, { signal }),
    runtime.invoke('wait', 60_000, { signal, timeout: 50 }),
    runtime.invoke('echo', 2, { signal }),
  ];
  assert.equal(listeners(), 1);
  invocations.push(
    runtime.invoke('echo', 'one too many', { signal }),
    runtime.invoke('no such function', 1, { signal }),
    runtime.invoke('echo', () => {}, { signal }),
  );
  assert.equal(listeners(), 1);
  cancelled.cancel();
  assert.equal(listeners(), 1);
  await within('all of them', Promise.allSettled(invocations));
  assert.equal(listeners(), 0);
});

test('a thousand invocations with one signal leave nothing on it', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const { signal } = new AbortController();
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => runtime.invoke('echo', index, { signal })));
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0);
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

test('a cancel at the moment of the result settles the invocation once, one way or the other', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace: '60s' } } });
  let ended = { succeeded: 0, cancelled: 0 };
  for (let round = 0; round < 300; round++) {
    const invocation = runtime.invoke('echo', round);
    let settled = 0;
    const watch = () => void settled++;
    const outcome = invocation.then(watch, watch);
    await cancelSometime(invocation, round);
    await within('the end', outcome);
    assert.equal(settled, 1);
    const { status } = invocation;
    assert(status === 'succeeded' || status === 'cancelled', status);
    ended = { ...ended, [status]: ended[status] + 1 };
  }
  const { invocations, succeeded, cancelled } = infoOf(runtime, 'echo').stats;
  assert.deepEqual({ invocations, succeeded, cancelled }, { invocations: 300, ...ended });
  t.diagnostic(`${ended.succeeded} had ended, ${ended.cancelled} were cancelled`);
  await within('the drain', runtime.drain());
  assert.deepEqual([runtime.stats().queued, runtime.stats().running], [0, 0]);
  assert.equal(await within('the next one', runtime.invoke('echo', 'next')), 'next');
});

/** From the same turn up to longer than an invocation takes, as the round says. */
async function cancelSometime(invocation: Invocation, round: number): Promise<void> {
  for (let turn = 0; turn < round % 12; turn++) await new Promise(setImmediate);
  const end = performance.now() + (round % 30) / 20;
  while (performance.now() < end && round % 2 === 0);
  invocation.cancel();
}

test('cancel, crash and close at the same moment: each invocation settles, always', async (t) => {
  const dying = {
    ...files,
    'functions/die.js': `export default async (ms) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      process.exit(1);
    };`,
  };
  for (let round = 0; round < 5; round++) {
    const { runtime } = await runProject(t, dying, { config: { pool: { min: 2, max: 2, killGrace: 10 } } });
    const invocations = Array.from({ length: 30 }, (_, index) =>
      runtime.invoke(index % 3 === 0 ? 'die' : 'wait', index, { timeout: 30 + index }),
    );
    const settled = Promise.allSettled(invocations);
    await until('the first end', () => invocations.some(({ status }) => !/queued|running/.test(status)));
    for (const [index, invocation] of invocations.entries()) if (index % 2 === 0) invocation.cancel();
    const closing = runtime.close({ timeout: 20 * round });
    await within('all of them', settled);
    await within('the close', closing);
    assert(invocations.every(({ status }) => status !== 'queued' && status !== 'running'));
  }
});

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { CancelledError, type Invocation, TimeoutError } from 'warm-pool';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { notesOf, testEach, untilGone, whoIs } from './support.ts';

const pool = { max: 1, killGrace: '100ms' };

testEach('a queued invocation that is cancelled rejects at once and never runs', async (_t, open) => {
  const opened = await open(pool);
  const { runtime } = opened;
  const running = runtime.invoke('wait', 300);
  const queued = runtime.invoke('note', 'ran');
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
  assert.deepEqual(notesOf(opened), []);
});

const prepared = `
  import fs from 'node:fs';
  import { setImmediate } from 'node:timers/promises';
  import { defineFunction } from 'warm-pool';
  const root = new URL('../', import.meta.url);
  export default defineFunction({
    setup: async () => {
      fs.writeFileSync(new URL('set-up-begun', root), '');
      while (!fs.existsSync(new URL('set-up-may-end', root))) await setImmediate();
      // What was sent before the file was written has been read after a whole turn.
      for (let turn = 0; turn < 2; turn++) await setImmediate();
    },
    handler: () => fs.writeFileSync(new URL('notes', root), 'ran;'),
  });`;

testEach('an invocation that is cancelled before its function has begun never runs', async (_t, open) => {
  const opened = await open({ max: 1, killGrace: '60s' }, { 'functions/prepared.mjs': prepared });
  const { project, runtime } = opened;
  // On its way to the worker: both messages are read there in one turn.
  const sent = runtime.invoke('note', 'ran');
  assert.equal(sent.status, 'running');
  sent.cancel();
  await rejectionOf(sent, CancelledError);
  // While it is set up.
  const preparing = runtime.invoke('prepared');
  await until('the set-up', () => project.has('set-up-begun'));
  preparing.cancel();
  await rejectionOf(preparing, CancelledError);
  project.write('set-up-may-end', '');
  await within('the worker to be free', runtime.drain());
  assert.equal(await runtime.invoke('echo', 'works'), 'works');
  assert.deepEqual(notesOf(opened), []);
});

testEach(
  'a running invocation that is cancelled rejects at once, also in an endless loop',
  async (_t, open) => {
    const { runtime } = await open({ max: 1, killGrace: '60s' });
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
  },
);

testEach('a signal that is aborted already means that nothing runs', async (_t, open) => {
  const opened = await open(pool);
  const { runtime } = opened;
  const reason = { why: 'too late' };
  const signal = AbortSignal.abort(reason);
  const invocation = runtime.invoke('note', 'ran', { signal });
  assert.equal(invocation.status, 'cancelled');
  assert.equal((await rejectionOf(invocation, CancelledError)).cause, reason);
  assert.equal(infoOf(runtime, 'note').stats.cancelled, 1);
  await runtime.invoke('echo');
  assert.deepEqual(notesOf(opened), []);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

testEach('a signal is left alone when its invocations have ended, however they ended', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace: '50ms', queueLimit: 3 });
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

testEach('a thousand invocations with one signal leave nothing on it', async (_t, open) => {
  const { runtime } = await open(pool);
  const { signal } = new AbortController();
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => runtime.invoke('echo', index, { signal })));
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0);
});

testEach(
  'a cancel at the moment of the result settles the invocation once, one way or the other',
  async (t, open) => {
    const { runtime } = await open({ max: 1, killGrace: '60s' });
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
  },
);

/** From the same turn up to longer than an invocation takes, as the round says. */
async function cancelSometime(invocation: Invocation, round: number): Promise<void> {
  for (let turn = 0; turn < round % 12; turn++) await new Promise(setImmediate);
  const end = performance.now() + (round % 30) / 20;
  while (performance.now() < end && round % 2 === 0);
  invocation.cancel();
}

testEach(
  'when all workers ran into their timeout at once, the pool serves four times as many',
  async (_t, open) => {
    const max = 3;
    const { runtime } = await open({ min: max, max, killGrace: '50ms' });
    for (let round = 0; round < 3; round++) {
      const spinning = Array.from({ length: max }, () => runtime.invoke('spin', undefined, { timeout: 50 }));
      await Promise.all(spinning.map((each) => rejectionOf(each, TimeoutError)));
      const many = Array.from({ length: 4 * max }, () => runtime.invoke('who'));
      await within('the others', Promise.all(many));
    }
  },
);

testEach('of three, the second is cancelled and then the first: the third runs', async (_t, open) => {
  const opened = await open(pool);
  const { runtime } = opened;
  for (const name of ['wait', 'spin']) {
    const first = runtime.invoke(name, 60_000);
    const second = runtime.invoke('note', 'second');
    const third = runtime.invoke('note', `third after ${name}`);
    await until('the first to run', () => first.status === 'running');
    second.cancel();
    first.cancel();
    for (const cancelled of [first, second]) await rejectionOf(cancelled, CancelledError);
    await within('the third', third);
  }
  assert.deepEqual(notesOf(opened), ['third after wait', 'third after spin']);
});

testEach(
  'a function that ignores its signal and SIGTERM is ended, and the next one runs',
  async (_t, open) => {
    const stubborn = `
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {});
    export default (args, { progress }) => {
      progress('begun');
      return new Promise(() => setInterval(() => {}, 1));
    };`;
    const { runtime } = await open(pool, { 'functions/stubborn.js': stubborn });
    const before = await whoIs(runtime);
    const invocation = runtime.invoke('stubborn');
    await within('its begin', invocation.progress[Symbol.asyncIterator]().next());
    invocation.cancel();
    await rejectionOf(invocation, CancelledError);
    assert.notEqual(await whoIs(runtime), before);
    await untilGone([before]);
  },
);

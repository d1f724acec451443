import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { FunctionError, type Invocation, type Runtime } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { deadlineMs, within } from '../support/wait.ts';
import { testEach } from './support.ts';

// A program that makes call after call in one turn of its event loop.

const files = {
  'functions/fail.js': `export default () => { throw new Error('as asked'); };`,
  'functions/give.js': `export default (id) => (id + ' ').padEnd(5_000, 'x');`,
};

/** More than workers are handed ahead. */
const manyCalls = 2_000;

const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Holds up this thread, and so its turn. */
function block(ms: number): void {
  Atomics.wait(pause, 0, 0, ms);
}

/** What `give` returns: so long that what is read at once ends in the middle of one. */
const resultOf = (id: number) => `${id} `.padEnd(5_000, 'x');

/** Makes that many calls, and then one more each ms, all in one turn, until that is so. */
function callUntil(runtime: Runtime, isSo: () => boolean): Invocation<string>[] {
  const calls = Array.from({ length: manyCalls }, (_, id) => runtime.invoke<string>('give', id));
  for (const end = performance.now() + deadlineMs; !isSo() && performance.now() < end; ) {
    block(1);
    calls.push(runtime.invoke<string>('give', calls.length));
  }
  return calls;
}

async function assertReturned(calls: readonly Promise<string>[]): Promise<void> {
  const results = await within('all of them', Promise.all(calls));
  for (const [id, result] of results.entries()) assert.equal(result, resultOf(id));
}

testEach('a turn that goes on making calls has results before it ends', async (_t, open) => {
  const { runtime } = await open({ min: 2, max: 2 }, files);
  const failing = runtime.invoke('fail');
  const first = runtime.invoke('echo', 'first');
  const isDone = () => first.status === 'succeeded' && failing.status === 'failed';
  const calls = callUntil(runtime, isDone);
  assert(isDone(), `after ${calls.length} more calls they were ${first.status} and ${failing.status}`);
  // Nobody could see to it any sooner: it is no unhandled rejection.
  await rejectionOf(failing, FunctionError);
  assert.equal(await first, 'first');
  await assertReturned(calls);
});

testEach('what a subscriber calls in the middle of that is as good as any other', async (t, open) => {
  const { runtime } = await open({ min: 2, max: 2 }, files);
  const nested: Invocation<string>[] = [];
  const callOnceMore = () => {
    if (nested.length === 500) return;
    nested.push(runtime.invoke<string>('give', nested.length));
    block(1);
  };
  const channel = 'warm-pool:invocation:ended';
  subscribe(channel, callOnceMore);
  t.after(() => unsubscribe(channel, callOnceMore));
  const calls = callUntil(runtime, () => nested.length === 500);
  assert.equal(nested.length, 500);
  await assertReturned(calls);
  await assertReturned(nested);
});

testEach('what is cancelled in the turn that made it has left the queue, run or not', async (_t, open) => {
  const { runtime } = await open({ min: 1, max: 1 }, files);
  // So that it has shown to be short.
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 200 }, () => runtime.invoke('echo', 'x')));
  }
  const calls = Array.from({ length: manyCalls }, () => runtime.invoke('echo', 'x'));
  // The worker runs what it holds, and nobody hears of it.
  block(200);
  for (const call of calls) call.cancel();
  assert.equal(runtime.stats().queued, 0);
  await within('all of them', Promise.allSettled(calls));
  assert.equal(await within('another one', runtime.invoke('echo', 'another')), 'another');
});

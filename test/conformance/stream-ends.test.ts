import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setTimeout as work } from 'node:timers/promises';
import {
  CancelledError,
  FunctionError,
  RuntimeClosedError,
  SerializationError,
  TimeoutError,
} from 'warm-pool';
import { until, within } from '../support/wait.ts';
import { notesOf, testEach, untilGone, whoIs } from './support.ts';
import { isClosed, passTime, readAll, readToError, streams } from './support-stream.ts';

testEach(
  'leaving the loop cancels the function: its signal aborts and its finally runs',
  async (_t, open) => {
    const opened = await open({ min: 1, max: 1, killGrace: '10 min' }, streams);
    const { runtime } = opened;
    const worker = await whoIs(runtime);
    for (const leave of [1, 100]) {
      const counting = runtime.stream<number>('count', {});
      for await (const part of counting) if (part === leave) break;
      assert.equal(counting.status, 'cancelled');
      assert.deepEqual(await counting.next(), { value: undefined, done: true });
      await within('the end of the function', runtime.drain());
      assert.deepEqual(notesOf(opened).splice(-3), ['begun 1', 'aborted', 'closed']);
    }
    assert.equal(await whoIs(runtime), worker, 'its worker serves on');
  },
);

testEach('a stream that is disposed of, or thrown into, is cancelled likewise', async (_t, open) => {
  const opened = await open({ max: 1, killGrace: '10 min' }, streams);
  const { runtime } = opened;
  {
    await using disposed = runtime.stream<number>('count', {});
    assert.equal((await disposed.next()).value, 0);
  }
  await within('the end', runtime.drain());
  const thrown = runtime.stream<number, string>('count', {});
  await thrown.next();
  await assert.rejects(thrown.throw(new RangeError('no more')), /no more/);
  const returned = runtime.stream<number, string>('count', {});
  const pending = [returned.next(), returned.next(), returned.next()];
  assert.deepEqual(await returned.return('mine'), { value: 'mine', done: true });
  for (const step of await within('what was asked for', Promise.all(pending))) {
    assert(step.done || typeof step.value === 'number');
  }
  await within('the end', runtime.drain());
  assert.deepEqual([thrown.status, returned.status], ['cancelled', 'cancelled']);
});

testEach('a function that goes on after its reader has left is killed after killGrace', async (_t, open) => {
  const { runtime } = await open(
    { min: 1, max: 1, killGrace: 20 },
    {
      'functions/stubborn.js': `
        import { setTimeout } from 'node:timers/promises';
        export default async function* (how) {
          try { yield 1; } finally { if (how === 'spin') for (;;); await setTimeout(600_000); }
        }`,
    },
  );
  for (const how of ['spin', 'wait']) {
    const worker = await whoIs(runtime);
    for await (const _ of runtime.stream('stubborn', how)) break;
    await untilGone([worker]);
    assert.notEqual(await whoIs(runtime), worker);
  }
});

testEach('a cancel comes at once, whatever has not been read', async (_t, open) => {
  const opened = await open({ max: 1, killGrace: '10 min' }, streams);
  const { runtime } = opened;
  const controller = new AbortController();
  const counting = runtime.stream('count', {}, { signal: controller.signal });
  await counting.next();
  await passTime(opened);
  controller.abort(new RangeError('enough'));
  const [parts, error] = await readToError(counting);
  assert.deepEqual(parts, []);
  assert(error instanceof CancelledError && error.cause === controller.signal.reason);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  await until('its end', () => isClosed(opened));

  const aborted = runtime.stream('count', {}, { signal: controller.signal });
  assert((await readToError(aborted))[1] instanceof CancelledError);
  const waiting = runtime.stream('count', {});
  const step = waiting.next();
  waiting.cancel('why not');
  await within('the error', assert.rejects(step, CancelledError));
  assert.deepEqual(await waiting.next(), { value: undefined, done: true });
});

testEach('a stream whose reader leaves before it has begun never runs', async (_t, open) => {
  const opened = await open({ min: 1, max: 1 }, streams);
  const { runtime } = opened;
  const held = runtime.invoke('wait', 600_000);
  await until('it to run', () => held.status === 'running');
  const counting = runtime.stream('count', {});
  await counting.return();
  assert.equal(counting.status, 'cancelled');
  held.cancel();
  await assert.rejects(held, CancelledError);
  await within('the drain', runtime.drain());
  assert.deepEqual(notesOf(opened), []);
});

testEach('what was given before a timeout comes before the TimeoutError', async (_t, open) => {
  const opened = await open({ min: 1, max: 1, killGrace: '10 min' }, streams);
  const counting = opened.runtime.stream('count', {}, { timeout: 300 });
  await until('the timeout', () => counting.status === 'timedOut');
  const [parts, error] = await readToError(counting);
  assert.deepEqual(parts, [0, 1, 2, 3]);
  assert(error instanceof TimeoutError);
  await until('its end', () => isClosed(opened));
});

const failing = {
  'functions/fail.js': `
    import fs from 'node:fs';
    const note = (what) => fs.appendFileSync(new URL('../notes', import.meta.url), what + ';');
    export default async function* ({ after, what }) {
      try {
        for (let index = 0; index < after; index++) yield index;
        if (what) yield what === 'part' ? { list: [1, { run() {} }] } : Promise.reject(new TypeError(what));
        throw new RangeError('no more');
      } finally {
        note('closed');
      }
    }
    export const returns = 5;`,
  'functions/bad-return.js': 'export default function* () { yield 1; return { run() {} }; }',
  'functions/bad-iterator.js': `
    export default (what) => what === 'next' ? { next: () => 5 } : { [Symbol.asyncIterator]: () => what };`,
};

testEach('what a function gave before it throws comes before the FunctionError', async (_t, open) => {
  const opened = await open({ min: 1, max: 1 }, { ...failing, ...streams });
  const { runtime } = opened;
  for (const after of [0, 1, 100]) {
    const [parts, error] = await readToError(runtime.stream('fail', { after }));
    assert.equal(parts.length, after);
    assert(error instanceof FunctionError && error.cause instanceof RangeError);
    assert.match(error.message, /"fail" failed: RangeError: no more/);
  }
  const [, rejected] = await readToError(runtime.stream('fail', { after: 1, what: 'rejected' }));
  assert(rejected instanceof FunctionError && rejected.cause instanceof TypeError);
  await within('the error', assert.rejects(runtime.invoke('fail', { after: 3 }), FunctionError));
  for (const what of ['next', 5, null]) {
    const [, error] = await readToError(runtime.stream('bad-iterator', what));
    assert(error instanceof FunctionError, String(error));
    assert.match(error.message, /of what the function returned to/);
  }
});

testEach('a part that can not be sent is told with its path, and ends the function', async (_t, open) => {
  const opened = await open({ min: 1, max: 1 }, failing);
  const { runtime } = opened;
  const [parts, error] = await readToError(runtime.stream('fail', { after: 3, what: 'part' }));
  assert.deepEqual(parts, [0, 1, 2]);
  assert(error instanceof SerializationError);
  assert.equal(error.path, 'part[3].list[1].run');
  assert.match(
    error.message,
    /^A part of "fail" can't be sent: part\[3\]\.list\[1\]\.run: the function run /,
  );
  assert(isClosed(opened));
  const whole = runtime.invoke('fail', { after: 3, what: 'part' });
  await within('the error', assert.rejects(whole, FunctionError));
  const [given, returned] = await readToError(runtime.stream('bad-return'));
  assert.deepEqual(given, [1]);
  assert(returned instanceof SerializationError && returned.path === 'result.run');
});

testEach('a close waits for a reader who takes his time, and gives him all', async (_t, open) => {
  const opened = await open({ min: 1, max: 1 }, streams);
  const { runtime } = opened;
  const counting = runtime.stream<number>('count', { to: 500 });
  assert.equal((await counting.next()).value, 0);
  const closed = runtime.close();
  await work(600);
  const [rest, returned] = await readAll(counting);
  assert.deepEqual([rest.length, returned], [499, 'all']);
  await within('the close', closed);
  assert((await readToError(runtime.stream('count')))[1] instanceof RuntimeClosedError);
});

testEach('a close ends what waits for a reader who never comes back', async (_t, open) => {
  const opened = await open({ min: 1, max: 1, killGrace: '10 min' }, streams);
  const { runtime } = opened;
  const [begun, queued] = [runtime.stream<number>('count', {}), runtime.stream<number>('count', {})];
  assert.equal((await begun.next()).value, 0);
  await within('the close', runtime.close());
  for (const [stream, from] of [
    [begun, 1],
    [queued, 0],
  ] as const) {
    const [parts, error] = await readToError(stream);
    assert.deepEqual(parts.slice(0, 2), [from, from + 1]);
    assert(error instanceof RuntimeClosedError);
    assert.match(error.message, /it waited for its reader, who has taken no part for 5 s/);
  }
  assert.deepEqual(notesOf(opened).toSorted(), [
    ...['aborted', 'aborted', 'begun 1', 'begun 1', 'closed', 'closed'],
  ]);
});

testEach('a close with a deadline kills a stream, and its reader is told', async (_t, open) => {
  const opened = await open({ min: 2, max: 2 }, streams);
  const { runtime } = opened;
  const counting = runtime.stream<number>('count', {});
  assert.equal((await counting.next()).value, 0);
  await passTime(opened);
  await within('the close', runtime.close({ timeout: 0 }));
  const [parts, error] = await readToError(counting);
  assert.equal(parts[0], 1);
  assert(error instanceof RuntimeClosedError);
});

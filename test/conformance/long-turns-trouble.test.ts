import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { TestContext } from 'node:test';
import { type Invocation, TimeoutError } from 'warm-pool';
import { keepLines } from '../support/log-lines.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

// A program that makes call after call in one turn, while functions or the program itself do what they better didn't.

const print = `export default (id) => { console.log('printed ' + id + '.'); return id; };`;

const pause = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Calls back in the middle of what the runtime does, each time that an invocation starts or ends. */
function listen(t: TestContext, type: 'started' | 'ended', callback: (functionName: string) => void): void {
  const channel = `warm-pool:invocation:${type}`;
  const listener = (event: unknown) => callback((event as { functionName: string }).functionName);
  subscribe(channel, listener);
  t.after(() => unsubscribe(channel, listener));
}

testEach(
  'a function that tells without end holds up neither the turn nor its own timeout',
  async (_t, open) => {
    const flood = `export default (_, { log, progress }) => { for (;;) { log.info('on'); progress('and on'); } };`;
    const { logger } = keepLines();
    const pool = { min: 2, max: 2, killGrace: '100ms' };
    const { runtime } = await open(pool, { 'functions/flood.js': flood }, { logger });
    const flooding = runtime.invoke('flood', undefined, { timeout: 1_000 });
    const calls: Invocation[] = [];
    await until('it to run', () => flooding.status === 'running');
    for (const end = performance.now() + 300; performance.now() < end; )
      calls.push(runtime.invoke('echo', 1));
    await rejectionOf(flooding, TimeoutError);
    await within('the others', Promise.all(calls));
  },
);

testEach('calls by a subscriber while results wait for what was printed', async (t, open) => {
  for (const max of [1, 2]) {
    const { runtime } = await open({ min: max, max }, { 'functions/print.js': print });
    const count = 2_000;
    const nested: Invocation[] = [];
    listen(t, 'ended', () => {
      if (nested.length < count) nested.push(runtime.invoke('print', count + nested.length));
    });
    const calls = Array.from({ length: count }, (_, id) => runtime.invoke('print', id));
    const results = await within('the calls', Promise.all(calls));
    await until('all to be made', () => nested.length === count);
    const all = [...results, ...(await within('the nested ones', Promise.all(nested)))];
    assert.deepEqual(all, [...all.keys()]);
    assert.deepEqual([runtime.stats().queued, runtime.stats().running], [0, 0]);
  }
});

testEach(
  'calls by a subscriber while an invocation starts leave the others their timeouts',
  async (t, open) => {
    const { runtime } = await open({ min: 1, max: 1 });
    const calls: Invocation[] = [];
    listen(t, 'started', (name) => {
      if (name !== 'who') return;
      for (const end = performance.now() + 100; performance.now() < end; )
        calls.push(runtime.invoke('echo', 1));
    });
    const short = runtime.invoke('who', undefined, { timeout: 300 });
    const long = runtime.invoke('wait', 1_000, { timeout: '20s', priority: 'high' });
    assert.equal(await within('the long one', long), 'waited');
    await within('the short one', short);
    await within('the others', Promise.all(calls));
  },
);

testEach(
  'what is printed in a turn that takes longer comes before the results all the same',
  async (_t, open) => {
    const { logger, lines } = keepLines();
    const { runtime } = await open({ min: 2, max: 2 }, { 'functions/print.js': print }, { logger });
    const late: number[] = [];
    const calls: Promise<void>[] = [];
    const call = async (id: number) => {
      await runtime.invoke('print', id);
      if (!lines.some((line) => line.message?.includes(`printed ${id}.`))) late.push(id);
    };
    for (let id = 0; id < 400; id++) {
      // Longer than what is lost is waited for, in all.
      Atomics.wait(pause, 0, 0, 5);
      calls.push(call(id));
    }
    await within('all of them', Promise.all(calls));
    assert.deepEqual(late, []);
  },
);

import assert from 'node:assert/strict';
import { FunctionError } from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

const files = {
  'functions/count.js': `
    import { setTimeout } from 'node:timers/promises';
    export default async ({ values, ending }, { progress }) => {
      for (const value of values) {
        progress(value);
        await setTimeout(1);
      }
      if (ending === 'throw') throw new Error('enough');
      if (ending === 'wait') await new Promise((resolve) => setTimeout(60_000).then(resolve));
      return values.length;
    };`,
  'functions/unsendable.js': `export default (args, { progress }) => progress({ done() {} });`,
  'functions/late.js': `
    export default (args, { progress }) => {
      setInterval(() => progress('late'), 1);
    };`,
};

async function all(progress: AsyncIterable<unknown>): Promise<unknown[]> {
  const values = [];
  for await (const value of progress) values.push(value);
  return values;
}

testEach('progress gives each value in order, as it was, and ends with the invocation', async (_t, open) => {
  const { runtime } = await open({}, files);
  const values = [1, undefined, new Map([['done', 3n]]), Buffer.from('abc'), { at: new Date(0) }, null];
  const invocation = runtime.invoke('count', { values });
  assert.deepEqual(await within('the progress', all(invocation.progress)), values);
  assert.equal(invocation.status, 'succeeded');
  assert.equal(await invocation, values.length);
});

testEach('a value arrives while the function runs', async (_t, open) => {
  const { runtime } = await open({ killGrace: '50ms' }, files);
  const invocation = runtime.invoke('count', { values: ['begun'], ending: 'wait' });
  for await (const value of invocation.progress) {
    assert.equal(value, 'begun');
    assert.equal(invocation.status, 'running');
    invocation.cancel();
  }
  await assert.rejects(invocation, { code: 'CANCELLED' });
});

// As CPU-bound work does: its event loop doesn't turn.
const busy = {
  'functions/busy.js': `
    import fs from 'node:fs';
    export default (go, { progress, log }) => {
      log.info('it has begun');
      for (const value of [1, 2, 3]) progress(value);
      while (!fs.existsSync(go));
    };`,
};

testEach('what a function that never waits reports and logs arrives while it runs', async (_t, open) => {
  const { lines, logger } = new LogLines();
  const { project, runtime } = await open({}, busy, { logger });
  const invocation = runtime.invoke('busy', project.path('go'));
  const values: unknown[] = [];
  await within(
    'the values',
    (async () => {
      for await (const value of invocation.progress) if (values.push(value) === 3) break;
    })(),
  );
  assert.deepEqual(values, [1, 2, 3]);
  assert.equal(invocation.status, 'running');
  assert(lines.includes('info it has begun'), lines.join());
  project.write('go', '');
  await within('its end', invocation);
});

testEach('progress of a function that reports none just ends', async (_t, open) => {
  const { runtime } = await open({}, files);
  const invocation = runtime.invoke('who');
  assert.deepEqual(await within('the progress', all(invocation.progress)), []);
  await invocation;
});

testEach('each reader gets all values, also one that begins later', async (_t, open) => {
  const { runtime } = await open({}, files);
  const values = Array.from({ length: 100 }, (_, index) => index);
  const invocation = runtime.invoke('count', { values });
  const { progress } = invocation;
  const first = all(progress);
  const second = all(invocation.progress);
  for await (const value of progress) if (value === 50) break;
  const third = all(progress);
  await invocation;
  const fourth = all(invocation.progress);
  for (const reader of [first, second, third, fourth]) {
    assert.deepEqual(await within('a reader', reader), values);
  }
});

testEach('progress that is first asked for after the end is still there, and ends', async (_t, open) => {
  const { runtime } = await open({}, files);
  const invocation = runtime.invoke('count', { values: [1, 2, 3] });
  await invocation;
  assert.deepEqual(await within('the progress', all(invocation.progress)), [1, 2, 3]);
});

testEach('progress ends without an error when the function fails: the invocation tells', async (_t, open) => {
  const { runtime } = await open({}, files);
  const invocation = runtime.invoke('count', { values: [1, 2], ending: 'throw' });
  assert.deepEqual(await within('the progress', all(invocation.progress)), [1, 2]);
  const { message } = await rejectionOf(invocation, FunctionError);
  assert.match(message, /enough/);
});

testEach('a reader that stops reading stops nothing else', async (_t, open) => {
  const { runtime } = await open({}, files);
  const invocation = runtime.invoke('count', { values: [1, 2, 3] });
  for await (const value of invocation.progress) {
    assert.equal(value, 1);
    break;
  }
  assert.equal(await invocation, 3);
});

testEach(
  'a progress value that cannot be sent is an error in the function, and the worker lives',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 }, files);
    const before = await runtime.invoke('who');
    const { cause } = await rejectionOf(runtime.invoke('unsendable'), FunctionError);
    assert(cause instanceof Error);
    assert.equal((cause as Error & { path?: unknown }).path, 'progress.done');
    assert.equal(await runtime.invoke('who'), before);
  },
);

testEach('what is reported after the end reaches nobody', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const late = runtime.invoke('late');
  const lateValues = all(late.progress);
  await late;
  assert.deepEqual(await lateValues, []);
  // The same worker goes on reporting while it runs this one.
  const values = Array.from({ length: 20 }, (_, index) => index);
  const next = runtime.invoke('count', { values });
  assert.deepEqual(await within('the progress', all(next.progress)), values);
  assert.equal(next.report?.worker, late.report?.worker);
});

testEach('a caller that is slow to read gets all values', async (_t, open) => {
  const { runtime } = await open({}, files);
  const values = Array.from({ length: 50 }, (_, index) => index);
  const invocation = runtime.invoke('count', { values });
  const seen = [];
  for await (const value of invocation.progress) {
    seen.push(value);
    if (seen.length === 1) await until('the end', () => invocation.status === 'succeeded');
  }
  assert.deepEqual(seen, values);
});

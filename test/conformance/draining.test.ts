import assert from 'node:assert/strict';
import { held } from '../support/hold-worker.ts';
import { infoOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

/** Goes on after it was cancelled, until there is a file `go`. */
const lingering = (version: number) => `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export default async (value) => {
    while (!fs.existsSync(new URL('../go', import.meta.url))) await setTimeout(5);
    return ${version};
  };`;

testEach('a drain resolves when nothing waits or runs, however it ended', async (_t, open) => {
  const { runtime } = await open(
    { max: 2, killGrace: '50ms' },
    { 'functions/die.js': 'export default () => process.exit(1);' },
  );
  await within('a drain of nothing', runtime.drain());
  const invocations = [
    ...Array.from({ length: 10 }, () => runtime.invoke('wait', 30)),
    runtime.invoke('die'),
    runtime.invoke('wait', 60_000, { timeout: 50 }),
    runtime.invoke('no such function'),
  ];
  const cancelled = runtime.invoke('wait', 60_000);
  const settled = Promise.allSettled([...invocations, cancelled]);
  cancelled.cancel();
  let isDrained = false;
  const drains = Promise.all([runtime.drain(), runtime.drain()]).then(() => {
    isDrained = true;
  });
  await until('some to end', () => invocations.some(({ status }) => status === 'succeeded'));
  assert.equal(isDrained, false);
  await within('the drains', drains);
  assert(invocations.every(({ status }) => status !== 'queued' && status !== 'running'));
  assert.deepEqual([runtime.stats().queued, runtime.stats().running], [0, 0]);
  await settled;
  assert.equal(await runtime.invoke('echo', 'after it'), 'after it');
});

testEach('a drain waits for a function that goes on after its timeout', async (_t, open) => {
  const { project, runtime } = await open({ max: 1, killGrace: '10 min' }, held);
  const invocation = runtime.invoke('held', project.path('go'), { timeout: 50 });
  await assert.rejects(invocation, { code: 'TIMEOUT' });
  let isDrained = false;
  const drained = runtime.drain().then(() => {
    isDrained = true;
  });
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  assert.deepEqual([isDrained, runtime.stats().running], [false, 1]);
  project.write('go', '');
  await within('the drain', drained);
  assert.equal(runtime.stats().running, 0);
  assert.equal(runtime.stats().workers[0]?.invocations, 1);
});

testEach(
  'a drain resolves also when what it waits for ends in a worker whose code was replaced meanwhile',
  async (_t, open, isolation) => {
    const { project, runtime } = await open(
      {},
      { 'functions/linger.js': lingering(1) },
      { hotReload: true, config: { pool: { isolation, max: 1, killGrace: '10 min' } } },
    );
    const { version } = infoOf(runtime, 'linger');
    const invocation = runtime.invoke('linger');
    await until('it to run', () => invocation.status === 'running');
    invocation.cancel();
    await assert.rejects(invocation, { code: 'CANCELLED' });
    project.write('functions/linger.js', lingering(2));
    await until('the reload', () => infoOf(runtime, 'linger').version !== version);
    const drained = runtime.drain();
    project.write('go', '');
    await within('the drain', drained);
    assert.equal(await runtime.invoke('linger'), 2);
  },
);

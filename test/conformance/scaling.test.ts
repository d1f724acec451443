import assert from 'node:assert/strict';
import { until } from '../support/wait.ts';
import { meet, testEach, untilGone, whoIs } from './support.ts';

testEach('a burst starts workers up to max at once, and never more', async (_t, open) => {
  const max = 3;
  for (const min of [0, 1]) {
    const running = await open({ min, max });
    const { runtime } = running;
    const met = meet(running, max);
    const invocations = Array.from({ length: 60 }, () => runtime.invoke('wait', 5));
    assert.equal(runtime.stats().workers.length, max, 'right after the calls');
    let isDone = false;
    const done = Promise.all([met, ...invocations]).finally(() => {
      isDone = true;
    });
    let most = 0;
    await until('the end of the burst', () => {
      most = Math.max(most, runtime.stats().workers.length, runtime.stats().running);
      return isDone;
    });
    assert.equal(most, max);
    await done;
  }
});

testEach('no more workers are started than there is work for', async (_t, open) => {
  const { runtime } = await open({ min: 1, max: 8 });
  await Promise.all([runtime.invoke('wait', 100), runtime.invoke('wait', 100)]);
  assert.equal(runtime.stats().workers.length, 2);
});

testEach('one caller in sequence uses one worker, whatever else is idle', async (_t, open) => {
  const { runtime } = await open({ min: 3, max: 3 });
  const workers = new Set<string>();
  for (let round = 0; round < 50; round++) workers.add(await whoIs(runtime));
  assert.equal(workers.size, 1);
});

testEach('idle workers above min leave, and who stays is used again', async (_t, open) => {
  const running = await open({ min: 1, max: 3, idleTimeout: '200ms' });
  const { runtime } = running;
  for (let round = 0; round < 2; round++) {
    const workers = await meet(running, 3);
    await until('two to leave', () => runtime.stats().workers.length === 1);
    const [left] = runtime.stats().workers;
    const survivor = await whoIs(runtime);
    assert(workers.includes(survivor));
    await untilGone(workers.filter((worker) => worker !== survivor));
    assert.equal(await whoIs(runtime), survivor);
    assert.deepEqual(
      runtime.stats().workers.map(({ id }) => id),
      [left?.id],
    );
  }
});

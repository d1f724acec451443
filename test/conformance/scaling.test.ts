import assert from 'node:assert/strict';
import type { PoolConfig } from 'warm-pool';
import { until, within } from '../support/wait.ts';
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

/**
 * Notes for as long as it runs that it does, and returns how many did, itself included. Until `max` have been seen at the
 * same time it runs on: however late a worker gets ready, the others are not done before.
 */
const crowd = `
  import fs from 'node:fs';
  import { threadId } from 'node:worker_threads';
  import { setTimeout } from 'node:timers/promises';
  const running = new URL('../running/', import.meta.url);
  const full = new URL('../full', import.meta.url);
  const own = new URL(process.pid + '.' + threadId, running);
  fs.mkdirSync(running, { recursive: true });
  export default async (max) => {
    fs.writeFileSync(own, '', { flag: 'wx' });
    let most = 0;
    for (let look = 0; look < 3 || !fs.existsSync(full); look++) {
      most = Math.max(most, fs.readdirSync(running).length);
      if (most >= max) fs.writeFileSync(full, '');
      await setTimeout(2);
    }
    fs.unlinkSync(own);
    return most;
  };`;

const crowded = {
  'functions/crowd.js': crowd,
  'functions/calls.js': `
    export default async (max, ctx) =>
      Math.max(...(await Promise.all([1, 2, 3].map(() => ctx.invoke('crowd', max)))));`,
};

/**
 * Whatever adds workers: spare ones while others are recycled, and those that take the place of who waits. Few calls where
 * each third or fourth takes a new worker: on a slow machine that takes a while to start.
 */
const crowds: [what: string, pool: PoolConfig, name: string, calls: number][] = [
  ['a burst', {}, 'crowd', 60],
  ['recycling', { maxInvocations: 3 }, 'crowd', 40],
  ['nested calls', {}, 'calls', 30],
  ['nested calls and recycling', { maxInvocations: 4 }, 'calls', 6],
];

for (const [what, pool, name, calls] of crowds) {
  testEach(`no more than max run something at the same time: ${what}`, async (_t, open) => {
    const max = 2;
    const { runtime } = await open({ min: 1, max, ...pool }, crowded);
    const invocations = Array.from({ length: calls }, () => runtime.invoke<number>(name, max));
    const most = Math.max(...(await within('all of them', Promise.all(invocations))));
    assert.equal(most, max);
  });
}

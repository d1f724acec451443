import assert from 'node:assert/strict';
import { until, within } from '../support/wait.ts';
import { testEach, untilGone } from './support.ts';

/** How many of these ran in each worker, in the order of their first. */
function runsOf(workers: readonly string[]): number[] {
  const counts = new Map<string, number>();
  for (const worker of workers) counts.set(worker, (counts.get(worker) ?? 0) + 1);
  return [...counts.values()];
}

testEach('one worker runs maxInvocations of a backlog, then another does', async (_t, open) => {
  const { runtime } = await open({ max: 1, maxInvocations: 5 });
  const backlog = Array.from({ length: 17 }, () => runtime.invoke<string>('who'));
  assert.deepEqual(runsOf(await within('the backlog', Promise.all(backlog))), [5, 5, 5, 2]);
  await until('the others to be gone', () => runtime.stats().pools.default?.exits.recycled === 3);
});

testEach('a worker whose functions leak is replaced, and no invocation fails for it', async (_t, open) => {
  const leaking = `
    import { threadId } from 'node:worker_threads';
    const photos = [];
    export default () => {
      photos.push(Buffer.alloc(40 * 2 ** 20, 'x'));
      return process.pid + '.' + threadId;
    };`;
  const { runtime } = await open({ max: 1, maxMemory: '200mb' }, { 'functions/leak.js': leaking });
  const workers: string[] = [];
  for (let run = 0; run < 20; run++) workers.push(await within('a run', runtime.invoke<string>('leak')));
  const runs = runsOf(workers);
  // 40 MB each: whatever a worker has before, it can't hold more than these.
  assert(runs.length >= 3 && runs.every((count) => count <= 8), runs.join());
  await until('the news of the last one', () => (runtime.stats().pools.default?.exits.recycled ?? 0) >= 2);
  assert.equal(runtime.stats().functions.leak?.succeeded, 20);
});

testEach('a close in the middle of recycling finishes what waits, and leaves no worker', async (_t, open) => {
  const { runtime } = await open({ max: 2, maxInvocations: 1 });
  const backlog = Array.from({ length: 8 }, () => runtime.invoke<string>('who'));
  await within('the close', runtime.close());
  const workers = await Promise.all(backlog);
  assert.deepEqual(runsOf(workers), Array(8).fill(1));
  assert.deepEqual(runtime.stats().workers, []);
  await untilGone(workers);
});

import assert from 'node:assert/strict';
import { until, within } from '../support/wait.ts';
import { testEach, untilGone, whoIs } from './support.ts';

/** How many of these ran in each worker, in the order of their first. */
function runsOf(workers: readonly string[]): number[] {
  const counts = new Map<string, number>();
  for (const worker of workers) counts.set(worker, (counts.get(worker) ?? 0) + 1);
  return [...counts.values()];
}

testEach('one worker runs maxInvocations of a backlog, then another does', async (_t, open) => {
  const { runtime } = await open({ max: 1, maxInvocations: 5 });
  let most = 0;
  const backlog = Array.from({ length: 17 }, async () => {
    const worker = await runtime.invoke<string>('who');
    most = Math.max(most, runtime.stats().workers.filter(({ state }) => state !== 'draining').length);
    return worker;
  });
  assert.deepEqual(runsOf(await within('the backlog', Promise.all(backlog))), [5, 5, 5, 2]);
  // The one that runs, and the one that is ready to take its place.
  assert(most <= 2, `there were ${most}`);
  await until('the others to be gone', () => runtime.stats().pools.default?.exits.recycled === 3);
});

testEach('what is handed ahead counts', async (_t, open) => {
  const { runtime } = await open({ max: 2, maxInvocations: 300 });
  const workers: string[] = [];
  for (let round = 0; round < 5; round++) {
    const burst = Array.from({ length: 400 }, () => runtime.invoke<string>('who'));
    workers.push(...(await within('a burst', Promise.all(burst))));
  }
  const runs = runsOf(workers);
  assert(
    runs.every((count) => count <= 300),
    runs.join(),
  );
});

testEach('the successor is ready before the worker has run its last', async (_t, open) => {
  const { project, runtime } = await open(
    { max: 1, maxInvocations: 2 },
    {
      'functions/held.js': `
        import fs from 'node:fs';
        import { threadId } from 'node:worker_threads';
        import { setTimeout } from 'node:timers/promises';
        export default async () => {
          while (!fs.existsSync(new URL('../go', import.meta.url))) await setTimeout(5);
          return process.pid + '.' + threadId;
        };`,
    },
  );
  const first = await whoIs(runtime);
  const last = runtime.invoke<string>('held');
  const next = runtime.invoke<string>('who');
  const readyId = () => runtime.stats().workers.find(({ state }) => state === 'ready')?.id;
  const successor = await until('the successor to be ready', readyId);
  // Only one of them may run something.
  assert.equal(next.status, 'queued');
  project.write('go', '');
  assert.equal(await within('the last', last), first);
  assert.notEqual(await within('the next', next), first);
  assert.equal(next.report?.worker, successor);
  await untilGone([first]);
});

testEach('a worker that recycling leaves idle is not one too many', async (_t, open) => {
  const { runtime } = await open({ min: 1, max: 2, maxInvocations: 3, idleTimeout: 50 });
  for (let call = 0; call < 7; call++) await whoIs(runtime);
  await until('one worker to be left', () => runtime.stats().workers.length === 1);
  await whoIs(runtime);
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

import assert from 'node:assert/strict';
import type { Runtime } from 'warm-pool';
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

/** Those that can be given something. */
function readyIn(runtime: Runtime): number[] {
  const ready = runtime.stats().workers.filter(({ state }) => state === 'ready');
  return ready.map(({ id }) => id).sort();
}

testEach('a worker used up in less time than the next takes to start finds it ready', async (_t, open) => {
  const maxInvocations = 100;
  const { runtime } = await open({ max: 1, maxInvocations });
  // The first has shown how fast it goes, and what follows it has not run anything.
  for (let call = 0; call < maxInvocations; call++) await whoIs(runtime);
  await until('a worker and its successor', () => readyIn(runtime).length === 2);
  const ready = readyIn(runtime);
  const burst = Array.from({ length: 2 * maxInvocations }, () => runtime.invoke('who'));
  await within('the burst', Promise.all(burst));
  const used = new Set(burst.map(({ report }) => report?.worker));
  assert.deepEqual([...used].sort(), ready);
  assert(burst.every(({ report }) => report?.initMs === 0));
});

testEach('of such workers one is ahead, and none once nothing has run for a while', async (_t, open) => {
  const { runtime } = await open({ min: 1, max: 3, maxInvocations: 50, idleTimeout: 100 });
  let most = 0;
  for (let round = 0; round < 3; round++) {
    const burst = Array.from({ length: 400 }, async () => {
      await runtime.invoke('who');
      most = Math.max(most, runtime.stats().workers.filter(({ state }) => state !== 'draining').length);
    });
    await within('a burst', Promise.all(burst));
  }
  assert(most <= 4, `there were ${most}`);
  const starts = () => runtime.stats().pools.default?.starts ?? 0;
  await until('one worker to be left', () => runtime.stats().workers.length === 1);
  // None follows it only to be stopped again, until it runs something.
  const before = starts();
  const [survivor] = runtime.stats().workers;
  const next = runtime.invoke('who');
  await within('the next', next);
  assert.equal(next.report?.worker, survivor?.id);
  await until('its successor', () => starts() === before + 1);
  await until('one worker to be left again', () => runtime.stats().workers.length === 1);
  assert.equal(starts(), before + 1);
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

testEach('the successor is ready before a worker leaves for its memory', async (_t, open) => {
  const growing = `
    const photos = [];
    export default () => void photos.push(Buffer.alloc(8 * 2 ** 20, 'x'));`;
  const limitMB = 400;
  const { runtime } = await open({ max: 1, maxMemory: `${limitMB}mb` }, { 'functions/grow.js': growing });
  const memoryOf = () => runtime.stats().workers[0]?.memoryMB ?? 0;
  // A run takes 8 MB: it comes to the last tenth of the limit, and not beyond.
  while (memoryOf() <= 0.9 * limitMB) {
    assert.deepEqual(readyIn(runtime), [1], `there is one, with ${memoryOf()} MB`);
    await within('a run', runtime.invoke('grow'));
  }
  await until('the successor', () => readyIn(runtime).length === 2);
  assert.deepEqual(readyIn(runtime), [1, 2], 'the first has not left');
  for (let runs = 0; readyIn(runtime).includes(1) && runs < 20; runs++) {
    const invocation = runtime.invoke('grow');
    await within('a run', invocation);
    assert.equal(invocation.report?.initMs, 0);
  }
  const next = runtime.invoke('who');
  await within('the next', next);
  assert.equal(next.report?.worker, 2);
  assert.equal(next.report?.initMs, 0);
  await until('the end of the first', () => runtime.stats().pools.default?.exits.recycled === 1);
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoOf, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';

const files = {
  'functions/pid.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, process.pid);`,
  'functions/held.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export default async () => {
      while (!fs.existsSync(new URL('../go', import.meta.url))) await setTimeout(5);
      return process.pid;
    };`,
};

/** How many of the results came from each process, in the order of their first. */
function runsOf(pids: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const pid of pids) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  return [...counts.values()];
}

test('a worker runs maxInvocations and no more, and the backlog goes on in its successor', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, maxInvocations: 5 } } });
  let most = 0;
  const pids = await within(
    'all of them',
    Promise.all(
      Array.from({ length: 23 }, async () => {
        const pid = await runtime.invoke<number>('wait', 2);
        most = Math.max(most, runtime.stats().workers.filter(({ state }) => state !== 'draining').length);
        return pid;
      }),
    ),
  );
  assert.deepEqual(runsOf(pids), [5, 5, 5, 5, 3]);
  // The one that runs, and the one that is ready to take its place.
  assert(most <= 2, `there were ${most}`);
  assert.equal(infoOf(runtime, 'wait').stats.succeeded, 23);
});

test('what is handed ahead counts', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 2, maxInvocations: 300 } } });
  const pids: number[] = [];
  for (let round = 0; round < 5; round++) {
    const burst = Array.from({ length: 400 }, () => runtime.invoke<number>('pid'));
    pids.push(...(await within('a burst', Promise.all(burst))));
  }
  const runs = runsOf(pids);
  assert(
    runs.every((count) => count <= 300),
    runs.join(),
  );
});

test('the successor is ready before the worker has run its last', async (t) => {
  const { project, runtime } = await runProject(t, files, {
    config: { pool: { max: 1, maxInvocations: 2 } },
  });
  const first = await runtime.invoke<number>('pid');
  const last = runtime.invoke<number>('held');
  const next = runtime.invoke<number>('pid');
  await until('the successor to be ready', () =>
    runtime.stats().workers.some(({ state }) => state === 'ready'),
  );
  // Only one of them may run something.
  assert.equal(next.status, 'queued');
  const successor = runtime.stats().workers.find(({ state }) => state === 'ready')?.pid;
  project.write('go', '');
  assert.equal(await within('the last', last), first);
  assert.equal(await within('the next', next), successor);
  await until('the old one to be gone', async () => !(await isAlive(first)));
});

test('with maxInvocations 1 each invocation has a process of its own', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 2, maxInvocations: 1 } } });
  const pids = await within(
    'all of them',
    Promise.all(Array.from({ length: 8 }, () => runtime.invoke<number>('pid'))),
  );
  assert.equal(new Set(pids).size, 8);
});

test('a close finishes a backlog that takes several generations of workers', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 2, maxInvocations: 1 } } });
  const invocations = Array.from({ length: 8 }, () => runtime.invoke<number>('pid'));
  await within('the close', runtime.close());
  const pids = await Promise.all(invocations);
  assert.equal(new Set(pids).size, 8);
  for (const pid of pids) assert.equal(await isAlive(pid), false);
  assert.deepEqual(runtime.stats().workers, []);
});

test('a worker that recycling leaves idle is not one too many', async (t) => {
  const { runtime } = await runProject(t, files, {
    config: { pool: { min: 1, max: 2, maxInvocations: 3, idleTimeout: 50 } },
  });
  for (let call = 0; call < 7; call++) await runtime.invoke('pid');
  await until('one worker to be left', () => runtime.stats().workers.length === 1);
  await within('the next', runtime.invoke('pid'));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Runtime } from 'warm-pool';
import { openRuntime, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';
import { meet, meeting } from './support-meeting.ts';

const files = {
  ...meeting,
  'functions/pid.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, process.pid);`,
};

const statesOf = (runtime: Runtime) => runtime.stats().workers.map(({ state }) => state);
const pidsOf = (runtime: Runtime) => runtime.stats().workers.map(({ pid }) => pid as number);

for (const min of [1, 2, 3]) {
  test(`createRuntime resolves when ${min} of ${min} workers are ready`, async (t) => {
    const { runtime } = await runProject(t, files, { config: { pool: { min, max: 3 } } });
    assert.deepEqual(statesOf(runtime), Array(min).fill('ready'));
    for (const pid of pidsOf(runtime)) assert(await isAlive(pid));
    const invocations = Array.from({ length: min }, () => runtime.invoke('wait', 50));
    await Promise.all(invocations);
    assert.deepEqual(
      invocations.map(({ report }) => report?.initMs),
      Array(min).fill(0),
      'all were warm',
    );
  });
}

test('a burst starts workers up to max at once, and never more', async (t) => {
  const max = 3;
  const running = await runProject(t, files, { config: { pool: { min: 1, max } } });
  const { runtime } = running;
  const met = meet(running, max);
  const invocations = Array.from({ length: 60 }, () => runtime.invoke<number>('wait', 5));
  assert.equal(runtime.stats().workers.length, max, 'right after the calls');
  let most = 0;
  const done = Promise.all([met, ...invocations]);
  let isDone = false;
  void done.then(() => {
    isDone = true;
  });
  await until('the end of the burst', () => {
    most = Math.max(most, runtime.stats().workers.length, runtime.stats().running);
    return isDone;
  });
  assert.equal(most, max);
  assert.deepEqual((await met).sort(), pidsOf(runtime).sort());
  await done;
});

test('no more workers are started than there is work for', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { min: 1, max: 8 } } });
  await Promise.all([runtime.invoke('wait', 100), runtime.invoke('wait', 100)]);
  assert.equal(runtime.stats().workers.length, 2);
});

test('one caller in sequence uses one process, whatever else is idle', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { min: 3, max: 3 } } });
  const pids = new Set<number>();
  for (let round = 0; round < 50; round++) pids.add(await runtime.invoke<number>('pid'));
  assert.equal(pids.size, 1);
});

test('idle workers above min leave, and who stays is used again', async (t) => {
  const running = await runProject(t, files, {
    config: { pool: { min: 1, max: 3, idleTimeout: '200ms' } },
  });
  const { runtime } = running;
  for (let round = 0; round < 2; round++) {
    const pids = await meet(running, 3);
    await until('two to leave', () => runtime.stats().workers.length === 1);
    const [survivor] = pidsOf(runtime);
    for (const pid of pids) assert.equal(await isAlive(pid), pid === survivor);
    assert.equal(await runtime.invoke<number>('pid'), survivor);
    assert.deepEqual(pidsOf(runtime), [survivor]);
  }
});

test('a worker that is used does not leave, and min of them never do', async (t) => {
  const { runtime } = await runProject(t, files, {
    config: { pool: { min: 1, max: 2, idleTimeout: '100ms' } },
  });
  const [pid] = pidsOf(runtime);
  await runtime.invoke('wait', 400);
  const begun = performance.now();
  // Five times the idle timeout, with a call now and then and with none.
  while (performance.now() - begun < 500) await runtime.invoke('wait', 20);
  await until('a while without a call', () => performance.now() - begun > 1_000);
  assert.deepEqual(pidsOf(runtime), [pid]);
});

test('with a min of 0 the last one leaves as well, and a new one comes when it is needed', async (t) => {
  const { runtime } = await runProject(t, files, {
    config: { pool: { min: 0, max: 2, idleTimeout: '50ms' } },
  });
  for (let round = 0; round < 3; round++) {
    await until('all to leave', () => runtime.stats().workers.length === 0);
    assert.equal(typeof (await within('the invocation', runtime.invoke('pid'))), 'number');
  }
  await within('the close', runtime.close());
});

test('an invocation at the moment when a worker leaves is run', async (t) => {
  const { runtime } = await runProject(t, files, {
    config: { pool: { min: 0, max: 1, idleTimeout: '20ms' } },
  });
  for (let round = 0; round < 40; round++) {
    await within('the invocation', runtime.invoke('pid'));
    const end = performance.now() + 15 + (round % 10);
    await until('about the idle timeout', () => performance.now() > end);
  }
});

test('two runtimes in one program have workers of their own', async (t) => {
  const { project, runtime: first } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const second = await openRuntime(t, { cwd: project.root, config: { pool: { max: 1 } } });
  const [firstPid, secondPid] = await Promise.all([
    first.invoke<number>('wait', 50),
    second.invoke<number>('wait', 50),
  ]);
  assert.notEqual(firstPid, secondPid);
  await within('the close', first.close());
  await assert.rejects(first.invoke('pid'), { code: 'RUNTIME_CLOSED' });
  assert.equal(await second.invoke('pid'), secondPid);
  assert.deepEqual([await isAlive(firstPid), await isAlive(secondPid)], [false, true]);
});

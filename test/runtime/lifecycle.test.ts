import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Runtime } from 'warm-pool';
import { openRuntime, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { isAlive, until, within } from '../support/wait.ts';
import { meeting } from './support-meeting.ts';
import { startProgram } from './support-program.ts';

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

test('a runtime takes no signal handlers', async (t) => {
  const program = startProgram(
    t,
    makeProject(t, files),
    `
    const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE', 'exit', 'beforeExit', 'uncaughtException', 'unhandledRejection'];
    const before = names.map((name) => process.listenerCount(name));
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ config: { pool: { min: 2, max: 2 } } });
    await runtime.invoke('pid');
    const after = names.map((name) => process.listenerCount(name));
    await runtime.close();
    console.log(JSON.stringify([before, after]));`,
  );
  const [before, after] = await program.line<[number[], number[]]>(0);
  assert.deepEqual(after, before);
});

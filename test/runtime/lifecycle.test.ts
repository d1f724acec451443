import assert from 'node:assert/strict';
import type { Runtime } from 'warm-pool';
import { assertGone, functions, nameOf, poolText, testEach, whoIs } from '../conformance/support.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { isAlive, until, within } from '../support/wait.ts';
import { startProgram } from './support-program.ts';

const statesOf = (runtime: Runtime) => runtime.stats().workers.map(({ state }) => state);
const namesOf = (runtime: Runtime) => runtime.stats().workers.map(nameOf);

for (const min of [1, 2, 3]) {
  testEach(`createRuntime resolves when ${min} of ${min} workers are ready`, async (_t, open) => {
    const { runtime } = await open({ min, max: 3 });
    assert.deepEqual(statesOf(runtime), Array(min).fill('ready'));
    for (const name of namesOf(runtime)) assert(await isAlive(Number.parseInt(name, 10)));
    assert.equal(new Set(namesOf(runtime)).size, min);
    const invocations = Array.from({ length: min }, () => runtime.invoke('wait', 50));
    await Promise.all(invocations);
    assert.deepEqual(
      invocations.map(({ report }) => report?.initMs),
      Array(min).fill(0),
      'all were warm',
    );
  });
}

testEach('a worker that is used does not leave, and min of them never do', async (_t, open) => {
  const { runtime } = await open({ min: 1, max: 2, idleTimeout: '100ms' });
  const [first] = namesOf(runtime);
  await runtime.invoke('wait', 400);
  const begun = performance.now();
  // Five times the idle timeout, with a call now and then and with none.
  while (performance.now() - begun < 500) await runtime.invoke('wait', 20);
  await until('a while without a call', () => performance.now() - begun > 1_000);
  assert.deepEqual(namesOf(runtime), [first]);
});

testEach(
  'with a min of 0 the last one leaves as well, and a new one comes when it is needed',
  async (_t, open) => {
    const { runtime } = await open({ min: 0, max: 2, idleTimeout: '50ms' });
    const seen = new Set<string>();
    for (let round = 0; round < 3; round++) {
      await until('all to leave', () => runtime.stats().workers.length === 0);
      seen.add(await whoIs(runtime));
    }
    assert.equal(seen.size, 3);
    await within('the close', runtime.close());
  },
);

testEach('an invocation at the moment when a worker leaves is run', async (_t, open) => {
  const { runtime } = await open({ min: 0, max: 1, idleTimeout: '20ms' });
  for (let round = 0; round < 40; round++) {
    await whoIs(runtime);
    const end = performance.now() + 15 + (round % 10);
    await until('about the idle timeout', () => performance.now() > end);
  }
});

testEach('two runtimes in one program have workers of their own', async (t, open, isolation) => {
  const { project, runtime: first } = await open({ max: 1 });
  const second = await openRuntime(t, { cwd: project.root, config: { pool: { isolation, max: 1 } } });
  const [ofFirst, ofSecond] = await Promise.all([whoIs(first), whoIs(second)]);
  assert.notEqual(ofFirst, ofSecond);
  await within('the close', first.close());
  await assert.rejects(first.invoke('who'), { code: 'RUNTIME_CLOSED' });
  assert.equal(await whoIs(second), ofSecond);
  await assertGone([ofFirst]);
});

testEach('a runtime takes no signal handlers', async (t, _open, isolation) => {
  const program = startProgram(
    t,
    makeProject(t, functions),
    `
    const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE', 'exit', 'beforeExit', 'uncaughtException', 'unhandledRejection'];
    const before = names.map((name) => process.listenerCount(name));
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ config: { pool: ${poolText(isolation, { min: 2, max: 2 })} } });
    await runtime.invoke('who');
    const after = names.map((name) => process.listenerCount(name));
    await runtime.close();
    console.log(JSON.stringify([before, after]));`,
  );
  const [before, after] = await program.line<[number[], number[]]>(0);
  assert.deepEqual(after, before);
});

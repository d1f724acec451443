import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PoolError, RuntimeClosedError, type Trigger, type TriggerStore } from 'warm-pool';
import { takeFolder } from '../../runtime/store/lock.ts';
import { openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';
import { within } from '../support/wait.ts';

test('files that are to be tried again while the runtime is closed: the caller is told, and the program goes on', async (t) => {
  const project = makeProject(t, {
    'functions/work.js': `export default () => { throw new Error('it never works'); };`,
    'inbox/a.txt': 'a',
  });
  const outcome = await runProgram(
    project,
    `
    import { createRuntime, watch } from 'warm-pool';
    const triggers = [watch({ path: 'inbox', invoke: 'work', attempts: 1, complete: () => 'whole', args: ({ path }) => path })];
    const runtime = await createRuntime({ config: { triggers, log: { level: 'silent' } } });
    await runtime.start();
    const isSetAside = async () => {
      for await (const _file of runtime.files({ state: 'setAside' })) return true;
      return false;
    };
    while (!(await isSetAside())) await new Promise((resolve) => setTimeout(resolve, 10));
    const retried = runtime.retryFiles(['inbox/a.txt']).then(
      ([{ retried }]) => 'retried ' + retried,
      ({ code }) => code,
    );
    await runtime.close();
    console.log(JSON.stringify(await retried));
    await new Promise((resolve) => setTimeout(resolve, 100));`,
  );
  assert.ok(outcome === 'RUNTIME_CLOSED' || outcome === 'retried 1', String(outcome));
});

const f = 'export default () => {};';

/** A trigger that takes its time to stop. */
function slowTrigger(): { trigger: Trigger; end: () => void; store: () => TriggerStore } {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  let store: TriggerStore | undefined;
  const trigger: Trigger = {
    kind: 'slow',
    id: 'slow',
    functions: [],
    async start(context) {
      store = context.store;
    },
    stop: () => ended,
  };
  return { trigger, end, store: () => store as TriggerStore };
}

test('a data folder belongs to a runtime until its triggers have stopped, also when a close has not waited for them', async (t) => {
  const { trigger, end, store } = slowTrigger();
  t.after(end);
  const { project, runtime } = await runProject(
    t,
    { 'functions/f.js': f },
    { config: { triggers: [trigger] } },
  );
  await runtime.start();
  await within('the close', runtime.close({ timeout: 10 }));
  const next = await openRuntime(t, { cwd: project.root, config: {} });
  const refused = await rejectionOf(next.start(), PoolError);
  assert.equal(refused.code, 'RUNTIME_RUNNING');
  // What it has to note still is written.
  store().set('key', 'last words');
  await within('a commit', store().committed());
  end();
  await within('the end of the trigger', startedAt(next));
  assert.throws(() => store().set('key', 'too late'), RuntimeClosedError);
});

/** It is free a moment after the trigger has ended. */
async function startedAt(runtime: { start(): Promise<void> }): Promise<void> {
  for (;;) {
    try {
      return await runtime.start();
    } catch (error) {
      assert.equal((error as PoolError).code, 'RUNTIME_RUNNING');
      await delay(20);
    }
  }
}

test('a start waits while `pool files retry` works in its data folder', async (t) => {
  const { project, runtime } = await runProject(t, { 'functions/f.js': f });
  const release = takeFolder(project.path('.pool'), 'retry');
  let hasStarted = false;
  const start = runtime.start().then(() => {
    hasStarted = true;
  });
  await delay(300);
  assert.equal(hasStarted, false);
  release();
  await within('the start', start);
});

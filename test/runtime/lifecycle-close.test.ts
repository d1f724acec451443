import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancelledError, createRuntime, type Invocation, type Runtime, RuntimeClosedError } from 'warm-pool';
import { assertGone, nameOf, testEach } from '../conformance/support.ts';
import { openRuntime, rejectionOf } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { until, within } from '../support/wait.ts';

const files = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, 'waited');`,
  'functions/spin.js': 'export default () => { for (;;); };',
  'functions/linger.js': `
    import { setTimeout } from 'node:timers/promises';
    export default async (ms, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await setTimeout(ms);
    };`,
};

const pool = { min: 2, max: 2, killGrace: '10 min' };

const namesOf = (runtime: Runtime) => runtime.stats().workers.map(nameOf);

/** No worker is left of the runtime, and no process of these. */
async function assertEnded(runtime: Runtime, workers: readonly string[]): Promise<void> {
  assert(workers.length > 0);
  assert.deepEqual(runtime.stats().workers, []);
  await assertGone(workers);
}

testEach('a close with time enough disturbs nothing', async (_t, open) => {
  const { runtime } = await open(pool, files);
  const invocation = runtime.invoke('wait', 200);
  const started = performance.now();
  await within('the close', runtime.close({ timeout: '5 min' }));
  assert.equal(await invocation, 'waited');
  assert(performance.now() - started < 60_000, 'it did not wait for its deadline');
});

testEach('a close may be called again with a shorter deadline', async (_t, open) => {
  const { runtime } = await open(pool, files);
  const invocation = runtime.invoke('spin');
  const ended = rejectionOf(invocation, RuntimeClosedError);
  await until('it to run', () => invocation.status === 'running');
  const workers = namesOf(runtime);
  const closes = [runtime.close(), runtime.close({ timeout: '10 min' })];
  await new Promise(setImmediate);
  assert.equal(invocation.status, 'running');
  closes.push(runtime.close({ timeout: 20 }));
  await within('all closes', Promise.all(closes));
  await ended;
  await assertEnded(runtime, workers);
});

for (const timeout of [-1, 'soon', {}] as unknown[]) {
  testEach(
    `a close with a timeout of ${JSON.stringify(timeout)} rejects, and closes nothing`,
    async (_t, open) => {
      const { runtime } = await open(pool, files);
      await assert.rejects(runtime.close({ timeout: timeout as number }), /`timeout` of close.*got/);
      assert.equal(await runtime.invoke('echo', 1), 1);
    },
  );
}

for (const timeout of [Infinity, '30 days']) {
  testEach(`a close with a timeout of ${timeout} finishes what runs`, async (_t, open) => {
    const { runtime } = await open(pool, files);
    const invocation = runtime.invoke('wait', 300);
    const closing = runtime.close({ timeout });
    assert.equal(await within('what runs', invocation), 'waited');
    await within('the close', closing);
  });
}

testEach('a close whose deadline comes just when a cancelled function ends is a close', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace: '10 min' }, files);
  const invocation = runtime.invoke('linger', 100);
  await until('it to run', () => invocation.status === 'running');
  invocation.cancel();
  await rejectionOf(invocation, CancelledError);
  await new Promise(setImmediate);
  const closing = runtime.close({ timeout: 1 });
  // The program is busy, so that it finds both at once: the deadline, and the end of the function.
  for (const end = performance.now() + 500; performance.now() < end; );
  await within('the close', closing);
});

testEach('a close ends workers that are still starting', async (_t, open) => {
  const { runtime } = await open({ min: 1, max: 4 }, files);
  const invocations = Array.from({ length: 4 }, () => runtime.invoke('wait', 1));
  const workers = namesOf(runtime);
  assert(runtime.stats().workers.some(({ state }) => state === 'starting'));
  await within('the close', runtime.close());
  assert.deepEqual(await Promise.all(invocations), Array(4).fill('waited'));
  await assertEnded(runtime, workers);
});

testEach('a close right after a start, or during it, ends both', async (t, open, isolation) => {
  const { project, runtime } = await open(pool, files);
  const starting = runtime.start();
  const closing = runtime.close();
  await within('both', Promise.allSettled([starting, closing]));
  await within('the close', closing);
  // The folder is free for the next one.
  const next = await openRuntime(t, { cwd: project.root, config: { pool: { isolation, ...pool } } });
  await within('the start', next.start());
});

test('a runtime that cannot be created leaves no process', async (t) => {
  const started: number[] = [];
  const ignore = () => {};
  const logger = {
    ...{ trace: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore },
    debug(fields: object | string) {
      if (typeof fields === 'object' && 'workerPid' in fields) started.push(fields.workerPid as number);
    },
    child: () => logger,
  };
  const { root } = makeProject(t, {
    ...files,
    'preload.cjs': 'setTimeout(() => process.exit(1), 50); for (;;);',
  });
  const slow = { execArgv: ['--require', `${root}/preload.cjs`], loadTimeout: '300ms' };
  const creating = createRuntime({ cwd: root, logger, logLevel: 'debug', config: { pool: slow } });
  await assert.rejects(within('the error', creating), { code: 'WORKER_CRASHED' });
  assert(started.length > 0);
  await assertGone(started.map(String));
});

testEach('await using closes: what runs finishes, then no worker is left', async (t, _open, isolation) => {
  const { root } = makeProject(t, files);
  let workers: string[] = [];
  let invocation: Invocation | undefined;
  let used: Runtime | undefined;
  {
    const config = { pool: { isolation, ...pool } };
    await using runtime = await createRuntime({ cwd: root, config, hotReload: false });
    workers = namesOf(runtime);
    invocation = runtime.invoke('wait', 100);
    used = runtime;
  }
  assert.equal(invocation.status, 'succeeded');
  await assertEnded(used, workers);
});

testEach(
  'a trigger that never stops is not waited for beyond the deadline of a close',
  async (_t, open, isolation) => {
    const stuck = {
      kind: 'stuck',
      id: 'stuck',
      functions: ['echo'],
      start: async () => {},
      stop: () => new Promise<void>(() => {}),
    };
    const { project, runtime } = await open({}, files, {
      config: { pool: { isolation }, triggers: [stuck] },
    });
    await runtime.start();
    const workers = namesOf(runtime);
    await within('the close', runtime.close({ timeout: 50 }));
    await assertEnded(runtime, workers);
    assert.equal(project.has('.pool/owner.json'), true, 'the trigger may still write there');
  },
);

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancelledError, createRuntime, type Invocation, type Runtime, RuntimeClosedError } from 'warm-pool';
import { openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { isAlive, until, within } from '../support/wait.ts';

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

const config = { pool: { min: 2, max: 2, killGrace: '10 min' } };

const pidsOf = (runtime: Runtime) => runtime.stats().workers.map(({ pid }) => pid as number);

async function assertGone(pids: readonly number[]): Promise<void> {
  assert(pids.length > 0);
  for (const pid of pids) assert.equal(await isAlive(pid), false, `worker ${pid} is still there`);
}

test('a close with time enough disturbs nothing', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const invocation = runtime.invoke('wait', 200);
  const started = performance.now();
  await within('the close', runtime.close({ timeout: '5 min' }));
  assert.equal(await invocation, 'waited');
  assert(performance.now() - started < 60_000, 'it did not wait for its deadline');
});

test('a close may be called again with a shorter deadline', async (t) => {
  const { runtime } = await runProject(t, files, { config });
  const invocation = runtime.invoke('spin');
  const ended = rejectionOf(invocation, RuntimeClosedError);
  await until('it to run', () => invocation.status === 'running');
  const pids = pidsOf(runtime);
  const closes = [runtime.close(), runtime.close({ timeout: '10 min' })];
  await new Promise(setImmediate);
  assert.equal(invocation.status, 'running');
  closes.push(runtime.close({ timeout: 20 }));
  await within('all closes', Promise.all(closes));
  await ended;
  await assertGone(pids);
});

for (const timeout of [-1, 'soon', {}] as unknown[]) {
  test(`a close with a timeout of ${JSON.stringify(timeout)} rejects, and closes nothing`, async (t) => {
    const { runtime } = await runProject(t, files, { config });
    await assert.rejects(runtime.close({ timeout: timeout as number }), /`timeout` of close.*got/);
    assert.equal(await runtime.invoke('echo', 1), 1);
  });
}

for (const timeout of [Infinity, '30 days']) {
  test(`a close with a timeout of ${timeout} finishes what runs`, async (t) => {
    const { runtime } = await runProject(t, files, { config });
    const invocation = runtime.invoke('wait', 300);
    const closing = runtime.close({ timeout });
    assert.equal(await within('what runs', invocation), 'waited');
    await within('the close', closing);
  });
}

test('a close whose deadline comes just when a cancelled function ends is a close', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace: '10 min' } } });
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

test('a close ends workers that are still starting', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { min: 1, max: 4 } } });
  const invocations = Array.from({ length: 4 }, () => runtime.invoke('wait', 1));
  const pids = pidsOf(runtime);
  assert(runtime.stats().workers.some(({ state }) => state === 'starting'));
  await within('the close', runtime.close());
  assert.deepEqual(await Promise.all(invocations), Array(4).fill('waited'));
  await assertGone(pids);
});

test('a close right after a start, or during it, ends both', async (t) => {
  const { project, runtime } = await runProject(t, files, { config });
  const starting = runtime.start();
  const closing = runtime.close();
  await within('both', Promise.allSettled([starting, closing]));
  await within('the close', closing);
  // The folder is free for the next one.
  const next = await openRuntime(t, { cwd: project.root, config });
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
  const pool = { execArgv: ['--require', `${root}/preload.cjs`], loadTimeout: '300ms' };
  const creating = createRuntime({ cwd: root, logger, logLevel: 'debug', config: { pool } });
  await assert.rejects(within('the error', creating), { code: 'WORKER_CRASHED' });
  await assertGone(started);
});

test('await using closes: what runs finishes, then no process is left', async (t) => {
  const { root } = makeProject(t, files);
  let pids: number[] = [];
  let invocation: Invocation | undefined;
  {
    await using runtime = await createRuntime({ cwd: root, config, hotReload: false });
    pids = pidsOf(runtime);
    invocation = runtime.invoke('wait', 100);
  }
  assert.equal(invocation.status, 'succeeded');
  await assertGone(pids);
});

test('a trigger that never stops is not waited for beyond the deadline of a close', async (t) => {
  const stuck = {
    kind: 'stuck',
    id: 'stuck',
    functions: ['echo'],
    start: async () => {},
    stop: () => new Promise<void>(() => {}),
  };
  const { project, runtime } = await runProject(t, files, { config: { triggers: [stuck] } });
  await runtime.start();
  const pids = pidsOf(runtime);
  await within('the close', runtime.close({ timeout: 50 }));
  await assertGone(pids);
  assert.equal(project.has('.pool/owner.json'), false);
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import type { Runtime } from 'warm-pool';
import { keepLines } from '../support/log-lines.ts';
import { openRuntime, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { isAlive, until, within } from '../support/wait.ts';
import { startProgram } from './support-program.ts';

const files = {
  'functions/who.js': 'export default () => process.pid;',
  'functions/variable.js': 'export default (name) => process.env[name];',
  'functions/hold.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export default async () => {
      while (!fs.existsSync(new URL('../go', import.meta.url))) await setTimeout(5);
      return process.pid;
    };`,
};

/** The processes without functions that a program has started. */
function sparesOf(program = process.pid): number[] {
  const { stdout } = spawnSync('ps', ['-o', 'pid=,args=', '--ppid', String(program)], { encoding: 'utf8' });
  return [...stdout.matchAll(/^ *(\d+) pool-spare/gm)].map(([, pid]) => Number(pid));
}

function spareOf(program?: number): Promise<number> {
  return until('a spare process', () => sparesOf(program)[0]);
}

function pidsOf(runtime: Runtime): (number | undefined)[] {
  return runtime.stats().workers.map(({ pid }) => pid);
}

test('what takes the place of a dead worker is the process that was kept for it', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const spare = await spareOf();
  const [worker] = pidsOf(runtime);
  assert.notEqual(worker, spare);
  process.kill(worker as number, 'SIGKILL');
  await until('the other worker', () => pidsOf(runtime)[0] === spare);
  assert.equal(await runtime.invoke('who'), spare);
  const [{ exits, starts, workers }] = Object.values(runtime.stats().pools) as [
    ReturnType<Runtime['stats']>['pools'][string],
  ];
  assert.deepEqual([workers, starts, exits.crashed], [1, 2, 1]);
  assert.notEqual(await spareOf(), spare);
});

test('a pool that grows takes it, and has never more than max workers', async (t) => {
  const { project, runtime } = await runProject(t, files, { config: { pool: { min: 1, max: 2 } } });
  const spare = await spareOf();
  assert.equal(runtime.stats().workers.length, 1);
  const held = Promise.all(Array.from({ length: 4 }, () => runtime.invoke<number>('hold')));
  assert.equal(runtime.stats().workers.length, 2);
  assert(pidsOf(runtime).includes(spare));
  await until('it to run something', () => runtime.stats().running === 2);
  project.write('go', '');
  assert((await within('all', held)).includes(spare));
});

test('it stays when the functions change, and takes them as they are by then', async (t) => {
  const { project, runtime } = await runProject(t, files, { hotReload: true, config: { pool: { max: 1 } } });
  const spare = await spareOf();
  project.write('functions/who.js', 'export default () => [process.pid];');
  assert.deepEqual(
    await until('the new code', async () => {
      const result = await runtime.invoke('who');
      return Array.isArray(result) && result;
    }),
    [spare],
  );
});

test('the death of a spare process is nobody’s business, and another one takes its place', async (t) => {
  const { logger, lines } = keepLines();
  const { runtime } = await runProject(t, files, { logger, config: { pool: { max: 1 } } });
  const spare = await spareOf();
  process.kill(spare, 'SIGKILL');
  await until('its end', async () => !(await isAlive(spare)));
  assert.equal(await runtime.invoke('who'), pidsOf(runtime)[0]);
  assert.notEqual(await spareOf(), spare);
  assert.deepEqual(
    lines.filter(({ level }) => ['warn', 'error', 'fatal'].includes(level)),
    [],
  );
});

test('a worker has the environment of its start, whenever its process was started', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const spare = await spareOf();
  process.env.SPARE_TEST = 'set since';
  t.after(() => delete process.env.SPARE_TEST);
  const [worker] = pidsOf(runtime);
  process.kill(worker as number, 'SIGKILL');
  await until('the other worker', () => pidsOf(runtime)[0] !== worker);
  assert.equal(await runtime.invoke('variable', 'SPARE_TEST'), 'set since');
  assert(!pidsOf(runtime).includes(spare));
  await until('the end of the one with the old environment', async () => !(await isAlive(spare)));
});

test('what it printed is told by the worker that it becomes', async (t) => {
  const { logger, lines } = keepLines();
  const project = makeProject(t, { ...files, 'noisy.mjs': "console.log('loaded by ' + process.pid);" });
  const config = { pool: { max: 1, execArgv: ['--import', project.path('noisy.mjs')] } };
  const runtime = await openRuntime(t, { cwd: project.root, logger, config });
  const spare = await spareOf();
  process.kill(pidsOf(runtime)[0] as number, 'SIGKILL');
  const line = await until('its line', () => lines.find(({ message }) => message === `loaded by ${spare}`));
  await until(
    'the worker',
    () => runtime.stats().workers.find(({ pid }) => pid === spare)?.id === line.fields.worker,
  );
});

for (const timeout of [undefined, 0]) {
  test(`it ends with the runtime, closed ${timeout === 0 ? 'at once' : 'in order'}`, async (t) => {
    const project = makeProject(t, files);
    const runtime = await openRuntime(t, { cwd: project.root });
    const spare = await spareOf();
    await runtime.close({ timeout });
    assert.equal(await isAlive(spare), false);
    assert.deepEqual(sparesOf(), []);
  });
}

test('a pool that keeps no worker keeps no spare process', async (t) => {
  const { runtime } = await runProject(
    t,
    { ...files, 'functions/kept.js': "export default () => 1; export const config = { pool: 'kept' };" },
    { config: { pool: { min: 0 }, pools: { kept: { min: 1 }, thread: { min: 1, isolation: 'thread' } } } },
  );
  await runtime.invoke('who');
  await spareOf();
  assert.equal(sparesOf().length, 1);
});

const program = `
  import fs from 'node:fs';
  import { createRuntime } from 'warm-pool';
  const runtime = await createRuntime();
  while (!fs.existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 5));`;

test('a program that forgets its runtime ends all the same, and leaves no spare process', async (t) => {
  const project = makeProject(t, files);
  const running = startProgram(t, project, program);
  const spare = await spareOf(running.pid);
  project.write('go', '');
  assert.equal((await running.ended).code, 0);
  await until('its end', async () => !(await isAlive(spare)));
});

test('a program that is killed leaves no spare process', async (t) => {
  const running = startProgram(t, makeProject(t, files), program);
  const spare = await spareOf(running.pid);
  running.kill('SIGKILL');
  let looks = 0;
  await until('its end', async () => {
    looks++;
    return !(await isAlive(spare));
  });
  // It is to be gone within 2 s: so many looks take at least half of that, and as much longer as the machine is busier.
  assert(looks <= 100, `it took ${looks} looks`);
});

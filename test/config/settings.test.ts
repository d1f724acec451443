import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Config, createRuntime } from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { infoOf, namesOf, openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';
import { until, within } from '../support/wait.ts';

const own = { 'functions/own.mjs': 'export default () => 1;' };

test('paths are meant against the folder of the configuration', async (t) => {
  const project = makeProject(t, {
    'settings/pool.config.mjs': "export default { functions: ['../tasks', 'more'], dataDir: 'state/pool' };",
    'tasks/first.mjs': 'export default () => 1;',
    'settings/more/second.mjs': 'export default () => 2;',
  });
  const runtime = await openRuntime(t, { cwd: project.root, config: 'settings/pool.config.mjs' });
  assert.deepEqual(namesOf(runtime), ['first', 'second']);
  assert.equal(infoOf(runtime, 'first').file, project.path('tasks/first.mjs'));
  assert.equal(runtime.dataDir, project.path('settings/state/pool'));
});

test('paths of a configuration object are meant against cwd', async (t) => {
  const project = makeProject(t, {
    // Not looked for: the object is the configuration.
    'pool.config.mjs': 'throw new Error("the file was loaded");',
    'inner/tasks/first.mjs': 'export default () => 1;',
  });
  const config = { functions: './tasks', dataDir: 'state' };
  const runtime = await openRuntime(t, { cwd: project.path('inner'), config });
  assert.equal(runtime.root, project.path('inner'));
  assert.equal(runtime.configPath, undefined);
  assert.equal(runtime.dataDir, project.path('inner/state'));
  assert.equal(await runtime.invoke('first'), 1);
});

test('an absolute dataDir is used as it is, and filled when the runtime is started', async (t) => {
  const elsewhere = makeProject(t);
  const dataDir = elsewhere.path('deep/state');
  const { project, runtime } = await runProject(t, own, { config: { dataDir } });
  assert.equal(runtime.dataDir, dataDir);
  assert.equal(fs.existsSync(dataDir), false);
  await runtime.start();
  assert.equal(fs.existsSync(dataDir), true);
  assert.equal(fs.existsSync(project.path('.pool')), false);
});

test('one started runtime has a dataDir to itself; others may be embedded beside it', async (t) => {
  const { project, runtime } = await runProject(t, own);
  await runtime.start();
  const second = await openRuntime(t, { cwd: project.root });
  assert.equal(await second.invoke('own'), 1);
  const error = await second.start().catch((reason) => reason);
  assert.equal(error.code, 'RUNTIME_RUNNING');
  assert.match(error.message, /another `dataDir`/);
  const third = await openRuntime(t, { cwd: project.root, config: { dataDir: 'other' } });
  await third.start();
  await runtime.close();
  const fourth = await openRuntime(t, { cwd: project.root });
  await fourth.start();
});

test('env is added to the environment of the workers, and takes the place of what is there', async (t) => {
  process.env.TEST_GIVEN = 'from the program';
  process.env.TEST_REPLACED = 'from the program';
  t.after(() => {
    delete process.env.TEST_GIVEN;
    delete process.env.TEST_REPLACED;
  });
  const { runtime } = await runProject(
    t,
    {
      'functions/read.mjs': `
        const atLoad = process.env.TEST_OWN;
        export default ({ names }) => [atLoad, ...names.map((name) => process.env[name])];`,
    },
    { config: { pool: { env: { TEST_OWN: 'own', TEST_REPLACED: 'replaced', UV_THREADPOOL_SIZE: '3' } } } },
  );
  const names = ['TEST_GIVEN', 'TEST_REPLACED', 'UV_THREADPOOL_SIZE', 'WARM_POOL_RUNTIME_PID'];
  const expected = ['own', 'from the program', 'replaced', '3', undefined];
  assert.deepEqual(await runtime.invoke('read', { names }), expected);
  assert.equal(process.env.TEST_OWN, undefined);
});

test('execArgv reaches the workers', async (t) => {
  const { project, runtime } = await runProject(
    t,
    {
      'preloaded.mjs': 'globalThis.preloaded = true;',
      'functions/read.ts': `
        import v8 from 'node:v8';
        export default (): unknown => ({
          preloaded: (globalThis as { preloaded?: boolean }).preloaded,
          heapMB: v8.getHeapStatistics().heap_size_limit / 2 ** 20,
          arguments: process.execArgv,
        });`,
      'pool.config.mjs': `
        export default {
          pool: { execArgv: ['--max-old-space-size=123', '--import', new URL('preloaded.mjs', import.meta.url).href] },
        };`,
    },
    {},
  );
  const read = await runtime.invoke<{ preloaded: boolean; heapMB: number; arguments: string[] }>('read');
  assert.equal(read.preloaded, true);
  assert(read.heapMB >= 123 && read.heapMB < 300, String(read.heapMB));
  const preloaded = pathToFileURL(project.path('preloaded.mjs')).href;
  assert.deepEqual(read.arguments, ['--max-old-space-size=123', '--import', preloaded]);
});

test('an option that Node does not know is an error that says so', async (t) => {
  const project = makeProject(t, own);
  const config: Config = { pool: { execArgv: ['--no-such-option-of-node'] } };
  await within(
    'the refusal',
    assert.rejects(createRuntime({ cwd: project.root, config }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'WORKER_CRASHED');
      assert.match(error.message, /No worker starts.*--no-such-option-of-node/s);
      return true;
    }),
  );
});

test('min workers are warm at once, and max bounds how many there are', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/slow.mjs': `
        import { setTimeout } from 'node:timers/promises';
        export default async () => { await setTimeout(20); return process.pid; };`,
    },
    { config: { pool: { min: 2, max: 3 } } },
  );
  const ready = runtime.stats().workers.filter(({ state }) => state === 'ready');
  assert.equal(ready.length, 2);
  const most = { seen: 0 };
  const pids = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const pid = await runtime.invoke('slow');
      most.seen = Math.max(most.seen, runtime.stats().workers.length);
      return pid;
    }),
  );
  assert(most.seen <= 3, `there were ${most.seen} workers`);
  assert(new Set(pids).size >= 2);
});

test('the timeout of the pool holds for functions that set none', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/slow.mjs': 'export default () => new Promise(() => {});',
      'functions/own.mjs':
        'export default (_, ctx) => ctx.remainingTime(); export const config = { timeout: "1h" };',
    },
    { config: { pool: { timeout: '300ms', killGrace: 50 } } },
  );
  assert.equal(infoOf(runtime, 'slow').config.timeout, 300);
  assert.equal(infoOf(runtime, 'own').config.timeout, 3_600_000);
  await assert.rejects(runtime.invoke('slow'), { code: 'TIMEOUT', timeoutMs: 300 });
  assert((await runtime.invoke<number>('own')) > 3_500_000);
});

for (const [manifest, file] of [
  [{ type: 'module' }, 'pool.config.ts'],
  [{ type: 'module' }, 'pool.config.mjs'],
  [{}, 'pool.config.ts'],
  [{}, 'pool.config.js'],
] as const) {
  const kind = 'type' in manifest ? '"type": "module"' : 'no "type"';
  test(`a program reads ${file} again for its next runtime, in a package with ${kind}`, async (t) => {
    const write = (value: number) =>
      file.endsWith('.js')
        ? `module.exports = { functions: 'tasks', pool: { max: ${value}, env: { VALUE: '${value}' } } };`
        : `export default { functions: 'tasks', pool: { max: ${value}, env: { VALUE: '${value}' } } };`;
    const project = makeProject(t, {
      'package.json': JSON.stringify({ name: 'test-project', ...manifest }),
      [file]: write(1),
      'tasks/read.mjs': 'export default () => process.env.VALUE;',
    });
    const texts = JSON.stringify([1, 2, 3].map(write));
    const program = `
      import fs from 'node:fs';
      import { createRuntime } from 'warm-pool';
      const runtimes = [];
      for (const text of ${texts}) {
        fs.writeFileSync(new URL('${file}', import.meta.url), text);
        runtimes.push(await createRuntime({ hotReload: false }));
      }
      console.log(JSON.stringify(await Promise.all(runtimes.map((runtime) => runtime.invoke('read')))));
      for (const runtime of runtimes) await runtime.close();`;
    assert.deepEqual(await runProgram(project, program), ['1', '2', '3']);
  });
}

for (const [level, expected] of [
  [undefined, ['info i', 'warn w', 'error e']],
  ['warn', ['warn w', 'error e']],
  ['silent', []],
] as const) {
  test(`of what functions log, level ${level ?? 'info (the default)'} and above gets through`, async (t) => {
    const { logger, lines } = new LogLines();
    const source = `
      export default (_args, { log }) => {
        log.debug('d');
        log.info('i');
        log.warn({ field: 1 }, 'w');
        log.error(new Error('e'));
      };`;
    const config: Config = { log: { level } };
    const { runtime } = await runProject(t, { 'functions/talk.mjs': source }, { config, logger });
    await runtime.invoke('talk');
    assert.deepEqual(lines, expected);
  });
}

test('two runtimes of one program have nothing to do with each other', async (t) => {
  const left = await runProject(
    t,
    { 'functions/own.mjs': "export default () => 'left';" },
    { hotReload: true },
  );
  const right = await runProject(
    t,
    { 'functions/own.mjs': "export default () => 'right';" },
    { hotReload: true },
  );
  left.project.write('functions/own.mjs', "export default () => 'changed';");
  await until('the change', async () => (await left.runtime.invoke('own')) === 'changed');
  assert.equal(await right.runtime.invoke('own'), 'right');
  await left.runtime.close();
  await rejectionOf(left.runtime.invoke('own'), Error);
  assert.equal(await right.runtime.invoke('own'), 'right');
});

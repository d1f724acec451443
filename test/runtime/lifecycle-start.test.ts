import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { PoolError } from 'warm-pool';
import { openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { isAlive, until, within } from '../support/wait.ts';
import { startProgram } from './support-program.ts';

const files = { 'functions/pid.js': 'export default () => process.pid;' };

const starting = `
  import { createRuntime } from 'warm-pool';
  const runtime = await createRuntime();
  await runtime.start();
  console.log(JSON.stringify(process.pid));`;

test('a second start on the same dataDir is told which process has it', async (t) => {
  const project = makeProject(t, files);
  const program = startProgram(t, project, starting);
  const pid = await program.line<number>(0);
  const runtime = await openRuntime(t, { cwd: project.root });
  const error = await rejectionOf(runtime.start(), PoolError);
  assert.equal(error.code, 'RUNTIME_RUNNING');
  assert.match(error.message, new RegExp(`\\.pool is in use by another runtime \\(pid ${pid}\\).*pool stop`));
  assert.equal((error.cause as { pid?: unknown }).pid, pid);
  // It doesn't need the folder to run functions, and leaves it to its owner when it closes.
  assert.equal(typeof (await runtime.invoke('pid')), 'number');
  await within('the close', runtime.close());
  const third = await openRuntime(t, { cwd: project.root });
  await assert.rejects(third.start(), { code: 'RUNTIME_RUNNING' });
});

test('a dataDir whose owner was killed is taken over', async (t) => {
  const project = makeProject(t, files);
  const program = startProgram(t, project, starting);
  const pid = await program.line<number>(0);
  program.kill('SIGKILL');
  await program.ended;
  assert.equal(await isAlive(pid), false);
  const runtime = await openRuntime(t, { cwd: project.root });
  await within('the start', runtime.start());
  const second = await openRuntime(t, { cwd: project.root });
  const error = await rejectionOf(second.start(), PoolError);
  assert.equal((error.cause as { pid?: unknown }).pid, process.pid);
});

const remains: [what: string, content: (alive: number) => string][] = [
  ['cut off', () => '{"pid":'],
  ['empty', () => ''],
  [
    'of another process that has the pid of the owner since',
    (pid) => JSON.stringify({ pid, startedAt: '1' }),
  ],
];

for (const [what, content] of remains) {
  test(`a note of the owner that is ${what} doesn't lock the dataDir for ever`, async (t) => {
    const { project, runtime } = await runProject(t, files);
    const other = startProgram(t, project, 'setInterval(() => {}, 1000); console.log(1);');
    await other.line(0);
    project.write('.pool/owner.json', content(other.pid));
    await within('the start', runtime.start());
  });
}

test('in one program two runtimes cannot start on one dataDir, but on two', async (t) => {
  const { project, runtime: first } = await runProject(t, files);
  const second = await openRuntime(t, { cwd: project.root });
  const third = await openRuntime(t, { cwd: project.root, config: { dataDir: 'elsewhere' } });
  await within('the start', first.start());
  await assert.rejects(second.start(), { code: 'RUNTIME_RUNNING' });
  await within('the start elsewhere', third.start());
  assert(fs.existsSync(project.path('elsewhere')));
});

test('a runtime whose start failed leaves the dataDir to the one that has it since', async (t) => {
  const broken = {
    kind: 'test',
    id: 'broken',
    functions: [],
    start: () => Promise.reject(new Error('no such bucket')),
    stop: async () => {},
  };
  const { project, runtime: first } = await runProject(t, files, { config: { triggers: [broken] } });
  await assert.rejects(first.start(), /no such bucket/);
  const second = await openRuntime(t, { cwd: project.root });
  await within('the start', second.start());
  await within('the close', first.close());
  const third = await openRuntime(t, { cwd: project.root });
  await assert.rejects(third.start(), { code: 'RUNTIME_RUNNING' });
});

test('where nothing tells whether the owner is alive, the error says what to remove if it is not', async (t) => {
  const { project, runtime } = await runProject(t, files);
  const other = startProgram(t, project, 'setInterval(() => {}, 1000); console.log(1);');
  await other.line(0);
  // As it is written where there is no /proc.
  project.write('.pool/owner.json', JSON.stringify({ pid: other.pid, startedAt: '', token: 'a' }));
  const { code, message } = await rejectionOf(runtime.start(), PoolError);
  assert.equal(code, 'RUNTIME_RUNNING');
  const file = project.path('.pool', 'owner.json');
  assert(message.includes(`If process ${other.pid} is no runtime, remove ${file}.`), message);
  project.remove('.pool/owner.json');
  await within('the start', runtime.start());
});

test('a start may be tried again when the dataDir is free', async (t) => {
  const { project, runtime: first } = await runProject(t, files);
  const second = await openRuntime(t, { cwd: project.root });
  await first.start();
  await assert.rejects(second.start(), { code: 'RUNTIME_RUNNING' });
  await first.close();
  await within('the second start', second.start());
  await assert.rejects((await openRuntime(t, { cwd: project.root })).start(), { code: 'RUNTIME_RUNNING' });
});

test('start is idempotent, and close gives the dataDir back', async (t) => {
  const { project, runtime } = await runProject(t, files);
  await within('both', Promise.all([runtime.start(), runtime.start()]));
  await runtime.start();
  await within('the close', runtime.close());
  assert.deepEqual(fs.readdirSync(project.path('.pool')), []);
  const next = await openRuntime(t, { cwd: project.root });
  await within('the next start', next.start());
});

test('of many programs that start at once on the dataDir of a dead one, one gets it', async (t) => {
  const project = makeProject(t, files);
  const dead = startProgram(t, project, starting);
  await dead.line(0);
  dead.kill('SIGKILL');
  await dead.ended;
  // Each waits for the file `go` with its runtime there, so that only the start is left to do.
  const racing = `
    import fs from 'node:fs';
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime();
    console.log('1');
    while (!fs.existsSync('go'));
    try {
      await runtime.start();
      console.log('"started"');
    } catch (error) {
      console.log(JSON.stringify(error.code));
      await runtime.close();
    }`;
  const programs = Array.from({ length: 4 }, () => startProgram(t, project, racing));
  await Promise.all(programs.map((program) => program.line(0)));
  project.write('go', '');
  const outcomes = await Promise.all(programs.map((program) => program.line<string>(1)));
  assert.deepEqual(outcomes.sort(), [...Array(3).fill('RUNTIME_RUNNING'), 'started']);
});

test('a runtime that was started keeps its program alive until it is closed', async (t) => {
  const project = makeProject(t, files);
  const program = startProgram(
    t,
    project,
    `${starting}
    import fs from 'node:fs';
    const watcher = fs.watch('.', () => {
      if (!fs.existsSync('go')) return;
      watcher.close();
      void runtime.close();
    });
    watcher.unref();`,
  );
  await program.line(0);
  let hasEnded = false;
  const ended = program.ended.then((end) => {
    hasEnded = true;
    return end;
  });
  const begun = performance.now();
  await until('a while', () => performance.now() - begun > 1_000);
  assert.equal(hasEnded, false);
  project.write('go', '');
  assert.equal((await ended).code, 0);
});

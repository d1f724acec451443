import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { type Config, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { type Cleanup, makeProject } from '../support/project.ts';
import { until, within } from '../support/wait.ts';
import { startProgram } from './support-program.ts';

const files = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/where.js': `
    import { isMainThread, threadId, workerData } from 'node:worker_threads';
    export default () => ({ pid: process.pid, isMainThread, threadId, workerData });`,
};

function runThreads(test: Cleanup, more: Record<string, string>, pool: Config['pool'] = {}) {
  return runProject(
    test,
    { ...files, ...more },
    { config: { pool: { isolation: 'thread', max: 1, ...pool } } },
  );
}

test('a function runs in a thread of this process, which serves one invocation after another', async (t) => {
  const { runtime } = await runThreads(t, {});
  const where = await runtime.invoke<{ threadId: number }>('where');
  const { threadId } = where;
  assert(threadId > 0);
  assert.deepEqual(where, { pid: process.pid, isMainThread: false, threadId, workerData: {} });
  assert.deepEqual(await runtime.invoke('where'), where);
  const [worker] = runtime.stats().workers;
  assert(worker);
  const { isolation, pid, invocations } = worker;
  assert.deepEqual([isolation, pid, worker.threadId, invocations], ['thread', undefined, threadId, 2]);
  // The heap of an idle thread, and not the memory of this whole process.
  assert(worker.memoryMB > 0 && worker.memoryMB < process.memoryUsage.rss() / 2 ** 20);
});

test('a process is told as one', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const { pid } = await runtime.invoke<{ pid: number }>('where');
  assert.notEqual(pid, process.pid);
  const [worker] = runtime.stats().workers;
  assert.deepEqual([worker?.isolation, worker?.pid, worker?.threadId], ['process', pid, undefined]);
});

interface Death {
  readonly what: string;
  readonly body: string;
  readonly exitCode: number;
  /** What one of the lines of `stderr` says. */
  readonly says: RegExp;
}

const deaths: Death[] = [
  {
    what: 'exits with 3',
    body: `console.error('on my way'); process.exit(3);`,
    ...{ exitCode: 3, says: /^on my way$/ },
  },
  {
    what: 'exits with 0',
    body: `process.stderr.write('no line end'); process.exit(0);`,
    ...{ exitCode: 0, says: /^no line end$/ },
  },
  {
    what: 'throws from a timer',
    body: `setTimeout(() => { throw new RangeError('from a timer'); }, 5); await pending();`,
    ...{ exitCode: 1, says: /^RangeError: from a timer$/ },
  },
  {
    what: 'throws null from a timer',
    body: 'setTimeout(() => { throw null; }, 5); await pending();',
    ...{ exitCode: 1, says: /^Uncaught null$/ },
  },
  {
    what: 'leaves a rejection to nobody',
    body: `Promise.reject(new RangeError('for nobody')); await pending();`,
    ...{ exitCode: 1, says: /^RangeError: for nobody$/ },
  },
  {
    what: 'fills its heap',
    body: 'const photos = []; for (;;) photos.push(new Array(1_000).fill({}));',
    ...{ exitCode: 1, says: /^FATAL ERROR: .*heap out of memory$/ },
  },
];

for (const { what, body, exitCode, says } of deaths) {
  test(`a function that ${what} ends its thread alone, and fails its own invocation alone`, async (t) => {
    const die = `
      const pending = () => new Promise((resolve) => setTimeout(resolve, 60_000));
      export default async () => { ${body} };`;
    const { runtime } = await runThreads(
      t,
      { 'functions/die.js': die },
      { execArgv: ['--max-old-space-size=40'] },
    );
    const dying = runtime.invoke('die');
    const queued = Array.from({ length: 4 }, (_, index) => runtime.invoke('echo', index));
    const error = await rejectionOf(dying, WorkerCrashedError);
    assert.deepEqual([error.exitCode, error.signal], [exitCode, null]);
    assert(
      error.stderr.some((line) => says.test(line)),
      error.stderr.join('\n'),
    );
    assert.deepEqual(await within('what waited', Promise.all(queued)), [0, 1, 2, 3]);
  });
}

test('a thread in an endless loop is ended after killGrace, with all that it had printed', async (t) => {
  const log = new LogLines();
  const project = makeProject(t, {
    ...files,
    'functions/spin.js': `
      export default () => {
        console.log('one');
        process.stdout.write('tw');
        console.error('an error');
        process.stdout.write('o\\n');
        for (;;);
      };`,
  });
  const { runtime } = await runProject(
    t,
    {},
    {
      cwd: project.root,
      logger: log.logger,
      config: { pool: { isolation: 'thread', max: 1, killGrace: 50 } },
    },
  );
  await rejectionOf(runtime.invoke('spin', undefined, { timeout: 100 }), TimeoutError);
  assert.equal(await within('the next one', runtime.invoke('echo', 1)), 1);
  const printed = log.lines.filter((line) => /one|two|an error/.test(line));
  assert.deepEqual(printed, ['info one', 'warn an error', 'info two']);
});

test('what a thread prints is read before its result, however much it is', async (t) => {
  const log = new LogLines();
  const { runtime } = await runProject(
    t,
    {
      'functions/talk.js': `
        export default (count) => {
          for (let number = 0; number < count; number++) console.log(String(number).padStart(1_000, '.'));
          process.stdout.write('grün', 'latin1');
          process.stdout.write(new Uint8Array([0x21, 0x0a]));
        };`,
    },
    { logger: log.logger, config: { pool: { isolation: 'thread', max: 1 } } },
  );
  const count = 3_000;
  await runtime.invoke('talk', count);
  const printed = log.lines.filter((line) => /^info [.g]/.test(line));
  assert.equal(printed.length, count + 1);
  assert(printed[count - 1]?.endsWith(`.${count - 1}`));
});

test('a thread that is in a native call is given up, so that its place and a close do not wait for it', async (t) => {
  const fifo = makeProject(t).path('fifo');
  execFileSync('mkfifo', [fifo]);
  const { runtime } = await runThreads(
    t,
    {
      'functions/stuck.js': `import fs from 'node:fs'; export default (file) => fs.readFileSync(file, 'utf8');`,
    },
    { killGrace: 50 },
  );
  try {
    await rejectionOf(runtime.invoke('stuck', fifo, { timeout: 100 }), TimeoutError);
    assert.equal(await within('the next one', runtime.invoke('echo', 1)), 1);
    await within('the close', runtime.close());
  } finally {
    // The thread, and with it this process, can't end before the call does.
    fs.writeFileSync(fifo, '');
  }
});

test('execArgv and env are for the threads alone; a limit of V8 is a limit of the thread', async (t) => {
  const { runtime } = await runThreads(
    t,
    {
      'functions/start.js': `
        import { resourceLimits } from 'node:worker_threads';
        export default () => {
          process.env.FROM_A_THREAD = 'yes';
          const { maxOldGenerationSizeMb, stackSizeMb } = resourceLimits;
          const { execArgv, env } = process;
          return [execArgv, env.GREETING, env.PATH === undefined, maxOldGenerationSizeMb, stackSizeMb];
        };`,
    },
    {
      execArgv: ['--max-old-space-size=77', '--conditions=special', '--stack_size=2048'],
      env: { GREETING: 'hello' },
    },
  );
  assert.deepEqual(await runtime.invoke('start'), [['--conditions=special'], 'hello', false, 77, 2]);
  assert.deepEqual([process.env.GREETING, process.env.FROM_A_THREAD], [undefined, undefined]);
});

test('options that no thread can have are told', async (t) => {
  const started = runThreads(t, {}, { execArgv: ['--title=worker'] });
  const error = await rejectionOf(started, WorkerCrashedError);
  assert.match(error.message, /could not be started\. Its last words: .*--title=worker/);
});

/** What a program may have done with threads before it forgets or closes them. */
const program = (body: string) => `
  import fs from 'node:fs';
  import { createRuntime } from 'warm-pool';
  const pool = { isolation: 'thread', min: 2, max: 2, killGrace: '50ms' };
  const runtime = await createRuntime({ config: { pool } });
  const threads = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Worker');
  await runtime.invoke('echo', 1);
  ${body}`;

test('a program that forgets an idle runtime with threads ends by itself', async (t) => {
  const spin = { 'functions/spin.js': 'export default () => { for (;;); };' };
  for (const body of ['', `await runtime.invoke('spin', 1, { timeout: 50 }).catch(() => {});`]) {
    const { code, stderr } = await startProgram(t, makeProject(t, { ...files, ...spin }), program(body))
      .ended;
    assert.deepEqual([code, stderr], [0, '']);
  }
});

test('a runtime with threads that is closed leaves none of them', async (t) => {
  const project = makeProject(t, files);
  const body = `
    const count = () => fs.readdirSync('/proc/self/task').length;
    const open = count();
    await runtime.close();
    console.log(JSON.stringify([open - count(), threads()]));`;
  const skip = process.platform !== 'linux';
  const closing = startProgram(t, project, program(skip ? 'console.log(JSON.stringify([2, []]))' : body));
  const [ended, left] = await closing.line<[number, string[]]>(0);
  assert(ended >= 2);
  assert.deepEqual(left, []);
  assert.equal((await closing.ended).code, 0);
});

test('TypeScript, the paths of a tsconfig.json and CommonJS work in a thread, and changes are followed', async (t) => {
  const { project, runtime } = await runProject(
    t,
    {
      'tsconfig.json': JSON.stringify({ compilerOptions: { paths: { '@lib/*': ['./lib/*'] } } }),
      'lib/colour.ts': 'export enum Colour { red = 7 }',
      'node_modules/old/package.json': JSON.stringify({ name: 'old', main: 'index.js' }),
      'node_modules/old/index.js': 'module.exports = { old: require("node:path").sep };',
      'functions/paint.ts': `
        import old from 'old';
        import { Colour } from '@lib/colour';
        export default (_: unknown): unknown => [Colour.red, old.old];`,
      'functions/common.cjs': 'exports.handler = async (n) => n + 1;',
      'functions/fail.ts': `interface Nothing {}\nexport default () => { throw new Error('here'); };`,
    },
    { hotReload: true, config: { pool: { isolation: 'thread', max: 1 } } },
  );
  assert.deepEqual(await runtime.invoke('paint'), [7, '/']);
  assert.equal(await runtime.invoke('common', 1), 2);
  const { cause } = await rejectionOf(runtime.invoke('fail'), Error);
  assert.match((cause as Error).stack ?? '', /fail\.ts:2:/);
  project.write('functions/paint.ts', 'export default (_: unknown) => "other" satisfies string;');
  await until('the new version', async () => (await runtime.invoke('paint')) === 'other');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Runtime, WorkerCrashedError } from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';
import { meet, meeting } from './support-meeting.ts';

const death = (body: string) => `
  import fs from 'node:fs';
  import { setTimeout as wait } from 'node:timers/promises';
  const pending = () => new Promise((resolve) => setTimeout(resolve, 60_000));
  export default async (args, ctx) => { ${body} };`;

interface Death {
  readonly what: string;
  readonly body: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What one of the lines of `stderr` says. */
  readonly says?: RegExp;
  readonly execArgv?: string[];
}

const deaths: Death[] = [
  { what: 'exits with 3', body: 'process.exit(3);', exitCode: 3, signal: null },
  { what: 'exits with 0', body: 'process.exit(0);', exitCode: 0, signal: null },
  { what: 'exits later with 0', body: 'await wait(20); process.exit(0);', exitCode: 0, signal: null },
  { what: 'kills itself', body: `process.kill(process.pid, 'SIGKILL');`, exitCode: null, signal: 'SIGKILL' },
  {
    what: 'aborts',
    body: `console.error('about to abort'); process.abort();`,
    ...{ exitCode: null, signal: 'SIGABRT', says: /^about to abort$/ },
  },
  {
    what: 'fills the heap',
    body: 'const photos = []; for (;;) photos.push(new Array(1_000).fill({}));',
    ...{ exitCode: null, signal: 'SIGABRT', says: /heap out of memory/ },
    execArgv: ['--max-old-space-size=40'],
  },
  {
    what: 'throws from a timer',
    body: `setTimeout(() => { throw new RangeError('from a timer'); }, 5); await pending();`,
    ...{ exitCode: 1, signal: null, says: /^RangeError: from a timer$/ },
  },
  {
    what: 'throws from an emitter',
    body: `fs.createReadStream('/no/such/photo.jpg'); await pending();`,
    ...{ exitCode: 1, signal: null, says: /ENOENT.*photo\.jpg/ },
  },
  {
    what: 'leaves a rejection to nobody',
    body: `Promise.reject(new RangeError('for nobody')); await pending();`,
    ...{ exitCode: 1, signal: null, says: /^RangeError: for nobody$/ },
  },
  {
    what: 'throws from a listener of its signal',
    body: `ctx.signal.addEventListener('abort', () => { throw new Error('from a listener'); });
      process.stderr.write('no line end'); process.exit(7);`,
    ...{ exitCode: 7, signal: null, says: /^no line end$/ },
  },
];

const others = {
  'functions/pid.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, process.pid);`,
};

for (const { what, body, exitCode, signal, says, execArgv = [] } of deaths) {
  test(`a function that ${what} fails its own invocation alone, and what waits is run`, async (t) => {
    const { runtime } = await runProject(
      t,
      { ...others, 'functions/die.js': death(body) },
      { config: { pool: { max: 1, execArgv } } },
    );
    const before = await runtime.invoke<number>('pid');
    const dying = runtime.invoke('die');
    const queued = Array.from({ length: 4 }, () => runtime.invoke<number>('pid'));
    const error = await rejectionOf(dying, WorkerCrashedError);
    assert.deepEqual([error.exitCode, error.signal], [exitCode, signal]);
    assert.equal(error.invocationId, dying.id);
    const how = signal === null ? `exited with code ${exitCode}` : `was killed by ${signal}`;
    assert(error.message.includes(`The worker that ran "die" ${how}.`), error.message);
    if (says)
      assert(
        error.stderr.some((line) => says.test(line)),
        error.stderr.join('\n'),
      );
    assert.equal(dying.status, 'crashed');

    const pids = await within('what waited', Promise.all(queued));
    assert.equal(new Set(pids).size, 1);
    assert.notEqual(pids[0], before);
    assert.equal(await isAlive(before), false);
    assert.deepEqual(countsOf(runtime, 'die'), { invocations: 1, crashed: 1 });
    assert.deepEqual(countsOf(runtime, 'pid'), { invocations: 5, crashed: 0 });
    await within('the drain', runtime.drain());
  });
}

function countsOf(runtime: Runtime, name: string): object {
  const { invocations, crashed } = runtime.stats().functions[name] ?? assert.fail();
  return { invocations, crashed };
}

test('the neighbour of a worker that dies goes on', async (t) => {
  const { project, runtime } = await runProject(
    t,
    {
      ...others,
      'functions/die.js': death('process.exit(1);'),
      'functions/wait-for.js': `
        import fs from 'node:fs';
        import { setTimeout } from 'node:timers/promises';
        export default async (file) => {
          while (!fs.existsSync(file)) await setTimeout(5);
          return process.pid;
        };`,
    },
    { config: { pool: { min: 2, max: 2 } } },
  );
  const neighbour = runtime.invoke<number>('wait-for', project.path('enough'));
  await until('it to run', () => neighbour.status === 'running');
  for (let round = 0; round < 3; round++) await rejectionOf(runtime.invoke('die'), WorkerCrashedError);
  assert.equal(neighbour.status, 'running');
  project.write('enough', '');
  assert.equal(await neighbour, runtime.stats().workers[0]?.pid);
});

test('three times as many exits at once as there are workers all reject, and then the pool serves', async (t) => {
  const running = await runProject(
    t,
    { ...others, ...meeting, 'functions/die.js': death('process.exit(args);') },
    { config: { pool: { min: 2, max: 2 } } },
  );
  const { runtime } = running;
  const codes = [0, 1, 2, 3, 4, 5];
  const errors = await Promise.all(
    codes.map((code) => rejectionOf(runtime.invoke('die', code), WorkerCrashedError)),
  );
  assert.deepEqual(
    errors.map(({ exitCode }) => exitCode),
    codes,
  );
  await meet(running, 2);
  assert.deepEqual(
    runtime.stats().workers.map(({ state }) => state),
    ['ready', 'ready'],
  );
});

test('a result that was sent before the end counts', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      ...others,
      'functions/die.js': death(`setImmediate(() => process.exit(1)); return Buffer.alloc(args, 'x');`),
    },
    { config: { pool: { max: 1 } } },
  );
  for (let round = 0; round < 10; round++) {
    const size = [3, 100_000][round % 2] as number;
    const result = await within('the result', runtime.invoke<Buffer>('die', size));
    assert.equal(result.length, size);
  }
});

test('an invocation that was cancelled is not told of the crash that follows', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      ...others,
      'functions/die.js': death(
        `ctx.signal.addEventListener('abort', () => process.exit(1)); await pending();`,
      ),
    },
    { config: { pool: { max: 1, killGrace: '60s' } } },
  );
  const dying = runtime.invoke('die');
  await until('it to run', () => dying.status === 'running');
  dying.cancel();
  await assert.rejects(dying, { code: 'CANCELLED' });
  await within('the next one', runtime.invoke('pid'));
  assert.equal(dying.status, 'cancelled');
  assert.deepEqual(countsOf(runtime, 'die'), { invocations: 1, crashed: 0 });
});

test('a process that a function leaves behind with its streams does not hold up the news of its end', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      ...others,
      'functions/die.js': `
        import { spawn } from 'node:child_process';
        export default () => {
          const program = 'setTimeout(() => {}, 60_000)';
          const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 1, 2], detached: true });
          console.error(child.pid);
          child.once('spawn', () => process.exit(4));
          return new Promise(() => {});
        };`,
    },
    { config: { pool: { max: 1 } } },
  );
  const { exitCode, stderr } = await rejectionOf(runtime.invoke('die'), WorkerCrashedError);
  const left = Number(stderr[0]);
  t.after(() => process.kill(left, 'SIGKILL'));
  assert.equal(exitCode, 4);
  assert(await isAlive(left));
  await within('the next one', runtime.invoke('pid'));
});

/** Either way nothing sensible can come from the worker any more. */
const cutOff: [what: string, body: string][] = [
  ['writes into', `fs.writeSync(3, 'hello, who is there?');`],
  ['closes', 'fs.closeSync(3);'],
];

for (const [what, body] of cutOff) {
  test(`a function that ${what} the connection of its worker ends that worker, and is told`, async (t) => {
    const { runtime } = await runProject(
      t,
      { ...others, 'functions/cut.js': death(`${body} await pending();`) },
      { config: { pool: { max: 1, timeout: Infinity } } },
    );
    await rejectionOf(runtime.invoke('cut'), WorkerCrashedError);
    await within('the next one', runtime.invoke('pid'));
  });
}

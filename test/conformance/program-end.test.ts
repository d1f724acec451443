import assert from 'node:assert/strict';
import { startProgram } from '../runtime/support-program.ts';
import { makeProject } from '../support/project.ts';
import { isAlive, until } from '../support/wait.ts';
import { functions, type Isolation, poolText, tellAndSpin, testEach } from './support.ts';

const files = {
  ...functions,
  'functions/fail.js': `export default () => { throw new Error('no'); };`,
  'functions/die.js': 'export default () => process.exit(1);',
  'functions/tell-and-spin.js': tellAndSpin,
};

const created = (isolation: Isolation) => `
  import { createRuntime } from 'warm-pool';
  const runtime = await createRuntime({
    config: { pool: ${poolText(isolation, { min: 2, max: 2, killGrace: '100ms' })} },
  });
  const cancelRunning = async () => {
    const invocation = runtime.invoke('tell-and-spin');
    for await (const begun of invocation.progress) break;
    invocation.cancel();
    await invocation.catch(() => {});
  };
  console.log(JSON.stringify(runtime.stats().workers.map(({ pid }) => pid)));`;

/** What a program may have done with a runtime that it then forgets to close. */
const forgotten: [what: string, body: string][] = [
  ['nothing', ''],
  ['an invocation', `await runtime.invoke('echo', 1);`],
  ['one that failed', `await runtime.invoke('fail').catch(() => {});`],
  ['one whose worker died', `await runtime.invoke('die').catch(() => {});`],
  [
    'one with progress that nobody finished reading',
    `
    const invocation = runtime.invoke('wait', 50);
    invocation.progress[Symbol.asyncIterator]().next();
    await invocation;`,
  ],
  ['one that timed out', `await runtime.invoke('spin', 1, { timeout: 50 }).catch(() => {});`],
  ['one that was cancelled', 'await cancelRunning();'],
  ['one refused', `await runtime.invoke('no such function').catch(() => {});`],
  ['a drain', `runtime.invoke('wait', 50); await runtime.drain();`],
];

for (const [what, body] of forgotten) {
  testEach(
    `a program that forgets a runtime, after ${what}, ends by itself and leaves no process`,
    async (t, _open, isolation) => {
      const program = startProgram(t, makeProject(t, files), `${created(isolation)} ${body}`);
      const pids = await program.line<number[]>(0);
      assert.equal(pids.length, 2);
      const { code, stderr } = await program.ended;
      assert.equal(code, 0, stderr);
      assert.equal(stderr, '');
      for (const pid of pids) await until(`the end of worker ${pid}`, async () => !(await isAlive(pid)));
    },
  );
}

/** What a program may wait for, with nothing else that keeps it alive. */
const awaited: [what: string, body: string, expected: unknown][] = [
  ['an invocation', `const value = await runtime.invoke('wait', 500);`, 'waited'],
  [
    'an invocation that waits',
    `
    const last = [1, 2, 3, 4].map(() => runtime.invoke('wait', 200)).at(-1);
    const value = await last;`,
    'waited',
  ],
  [
    'an invocation whose worker has to start first',
    `
    await Promise.all(runtime.stats().workers.map(() => runtime.invoke('die').catch(() => {})));
    const value = await runtime.invoke('echo', 'after the start');`,
    'after the start',
  ],
  [
    'a timeout',
    `const value = await runtime.invoke('spin', 1, { timeout: 300 }).catch(({ code }) => code);`,
    'TIMEOUT',
  ],
  ['a crash', `const value = await runtime.invoke('die').catch(({ code }) => code);`, 'WORKER_CRASHED'],
  [
    'a drain',
    `
    const invocation = runtime.invoke('wait', 300);
    await runtime.drain();
    const value = invocation.status;`,
    'succeeded',
  ],
  [
    'a drain of what was cancelled',
    `
    await cancelRunning();
    await runtime.drain();
    const value = runtime.stats().running;`,
    0,
  ],
  [
    'a close',
    `
    const invocation = runtime.invoke('wait', 300);
    await runtime.close();
    const value = invocation.status;`,
    'succeeded',
  ],
  [
    'the progress of one',
    `
    const values = [];
    for await (const each of runtime.invoke('wait', 300).progress) values.push(each);
    const value = values.length;`,
    0,
  ],
  [
    'the next turn of a queue',
    `
    const next = async (left) => (left === 0 ? 'done' : (await runtime.invoke('echo'), next(left - 1)));
    const value = await next(100);`,
    'done',
  ],
];

for (const [what, body, expected] of awaited) {
  testEach(`a program does not end before ${what} that it awaits`, async (t, _open, isolation) => {
    const program = startProgram(
      t,
      makeProject(t, files),
      `${created(isolation)} ${body} console.log(JSON.stringify(value));`,
    );
    assert.deepEqual(await program.line(1), expected);
    assert.equal((await program.ended).code, 0);
  });
}

import assert from 'node:assert/strict';
import { startProgram } from '../runtime/support-program.ts';
import { makeProject } from '../support/project.ts';
import { isAlive, until } from '../support/wait.ts';
import { type Isolation, poolText, testEach } from './support.ts';

const files = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/fail.js': `export default () => { throw new Error('no'); };`,
  'functions/die.js': 'export default () => process.exit(1);',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default async (ms) => {
      await setTimeout(ms);
      return process.pid;
    };`,
  'functions/spin.js': 'export default () => { for (;;); };',
};

const created = (isolation: Isolation) => `
  import { createRuntime } from 'warm-pool';
  const runtime = await createRuntime({
    config: { pool: ${poolText(isolation, { min: 2, max: 2, killGrace: '100ms' })} },
  });
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
  [
    'one that was cancelled',
    `
    const invocation = runtime.invoke('spin');
    setTimeout(() => invocation.cancel(), 50);
    await invocation.catch(() => {});`,
  ],
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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeProject } from '../support/project.ts';
import { startProgram } from './support-program.ts';

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

const created = `
  import { createRuntime } from 'warm-pool';
  const runtime = await createRuntime({ config: { pool: { min: 2, max: 2, killGrace: '100ms' } } });
  const pids = () => console.log(JSON.stringify(runtime.stats().workers.map(({ pid }) => pid)));`;

/** What a program may wait for, with nothing else that keeps it alive. */
const awaited: [what: string, body: string, expected: unknown][] = [
  ['an invocation', `const value = typeof (await runtime.invoke('wait', 500));`, 'number'],
  [
    'an invocation that waits',
    `
    const last = [1, 2, 3, 4].map(() => runtime.invoke('wait', 200)).at(-1);
    const value = typeof (await last);`,
    'number',
  ],
  [
    'an invocation whose worker has to start first',
    `
    for (const { pid } of runtime.stats().workers) process.kill(pid, 'SIGKILL');
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
    const invocation = runtime.invoke('spin');
    invocation.catch(() => {});
    setTimeout(() => invocation.cancel(), 50);
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
  test(`a program does not end before ${what} that it awaits`, async (t) => {
    const program = startProgram(
      t,
      makeProject(t, files),
      `${created} ${body} console.log(JSON.stringify(value));`,
    );
    assert.deepEqual(await program.line(0), expected);
    assert.equal((await program.ended).code, 0);
  });
}

test('a runtime takes no signal handlers', async (t) => {
  const program = startProgram(
    t,
    makeProject(t, files),
    `
    const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE', 'exit', 'beforeExit', 'uncaughtException', 'unhandledRejection'];
    const before = names.map((name) => process.listenerCount(name));
    ${created}
    await runtime.invoke('echo');
    const after = names.map((name) => process.listenerCount(name));
    await runtime.close();
    console.log(JSON.stringify([before, after]));`,
  );
  const [before, after] = await program.line<[number[], number[]]>(0);
  assert.deepEqual(after, before);
});

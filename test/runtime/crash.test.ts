import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkerCrashedError } from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { isAlive, within } from '../support/wait.ts';

const death = (body: string) => `
  import fs from 'node:fs';
  const pending = () => new Promise((resolve) => setTimeout(resolve, 60_000));
  export default async (args) => { ${body} };`;

const others = { 'functions/pid.js': 'export default () => process.pid;' };

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

test('the last words of a crash are what was said last, and not the empty line behind it', async (t) => {
  const { runtime } = await runProject(
    t,
    { 'functions/die.js': death(`console.error('the disk is on fire\\n\\n'); process.exit(3);`) },
    { config: { pool: { max: 1 } } },
  );
  const { message } = await rejectionOf(runtime.invoke('die'), WorkerCrashedError);
  assert.match(message, /exited with code 3\. Its last words: the disk is on fire$/);
});

/** Either way nothing sensible can come from the worker any more. */
const cutOff: [what: string, body: string][] = [
  ['writes into', `fs.writeSync(6, 'hello, who is there?');`],
  ['closes one end of', 'fs.closeSync(3);'],
  ['closes the other end of', 'fs.closeSync(6);'],
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

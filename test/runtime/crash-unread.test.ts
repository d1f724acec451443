import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { runProject } from '../support/open-runtime.ts';
import { deadlineMs, until, within } from '../support/wait.ts';

const functions = {
  // The results of both are sent before the timer is due.
  'functions/first.js': `
    import fs from 'node:fs';
    export default (file) => void setTimeout(() => fs.writeFileSync(file, ''), 20);`,
  'functions/last.js': `
    import fs from 'node:fs';
    import { setTimeout as wait } from 'node:timers/promises';
    export default async (file) => {
      while (!fs.existsSync(file)) await wait(1);
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20);
      return 'the last word of ' + process.pid;
    };`,
};

/** Longer than what a worker leaves behind is waited for. */
const busyMs = 700;

const clock = new Int32Array(new SharedArrayBuffer(4));

/** Keeps this program busy until the condition holds. */
function block(what: string, condition: () => boolean): void {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    assert(performance.now() < end, `waited in vain for: ${what}`);
    Atomics.wait(clock, 0, 0, 1);
  }
}

function isDead(pid: number | undefined): boolean {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

// Node learns of the end of all processes at once, after it has read what had come before the first of them ended.
test('the result of a worker that died while the program was busy is had, also when its end is known before', {
  skip: process.platform === 'linux' ? false : 'it looks at /proc',
}, async (t) => {
  const { project, runtime } = await runProject(t, functions, { config: { pool: { min: 2, max: 2 } } });
  const last = runtime.invoke<string>('last', project.path('go'));
  await until('the one that dies to run', () => last.status === 'running');
  const { pid } = runtime.stats().workers.find(({ state }) => state === 'busy') ?? assert.fail();
  const first = runtime.invoke('first', project.path('done'));
  const busy = first.then(() => {
    const end = performance.now() + busyMs;
    fs.writeFileSync(project.path('go'), '');
    block('the end of the worker', () => isDead(pid) && performance.now() > end);
  });
  // So that the result of the first and the news of a death are there at the same time.
  await new Promise(setImmediate);
  const other = spawn('true');
  block('the first result', () => project.has('done') && isDead(other.pid));
  await within('both', busy);
  assert.equal(await within('its result', last), `the last word of ${pid}`);
});

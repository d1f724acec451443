import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CancelledError } from 'warm-pool';
import { functions } from '../conformance/support.ts';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';
import { cancelRunning, eventsOf, noting } from './support-grace.ts';

const files = {
  ...functions,
  'functions/deaf.js': noting(`
    export default async () => {
      note('begun');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    };`),
  'functions/tidy.js': noting(`
    export default async (args, { signal }) => {
      process.once('SIGTERM', () => {
        note('SIGTERM');
        process.exit(0);
      });
      signal.addEventListener('abort', () => note('abort'));
      note('begun');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    };`),
  'functions/stubborn.js': noting(`
    export default async () => {
      process.on('SIGTERM', () => note('SIGTERM'));
      note('begun');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    };`),
};

/** So long that nothing is killed in the time of a test. */
const patient = { config: { pool: { max: 1, killGrace: '10 min' } } };
const impatient = { config: { pool: { max: 1, killGrace: '100ms' } } };
/** Time enough for a process to note a signal before the next one comes. */
const fair = { config: { pool: { max: 1, killGrace: '1s' } } };

test('a function that ignores its signal is ended by SIGTERM', async (t) => {
  const running = await runProject(t, files, impatient);
  const { before, after } = await cancelRunning(running, 'deaf');
  assert.notEqual(after, before);
  assert.equal(await isAlive(Number.parseInt(before, 10)), false);
});

test('a function may tidy up at SIGTERM, after its signal', async (t) => {
  const running = await runProject(t, files, fair);
  const { before, after } = await cancelRunning(running, 'tidy');
  assert.notEqual(after, before);
  assert.deepEqual(eventsOf(running), ['begun', 'abort', 'SIGTERM']);
});

test('a function that ignores SIGTERM is ended by SIGKILL', async (t) => {
  const running = await runProject(t, files, fair);
  const { before, after } = await cancelRunning(running, 'stubborn');
  assert.notEqual(after, before);
  assert.equal(await isAlive(Number.parseInt(before, 10)), false);
  assert.deepEqual(eventsOf(running), ['begun', 'SIGTERM']);
});

test('close waits for a function that was cancelled, and kills what does not end', async (t) => {
  const running = await runProject(t, files, impatient);
  const pid = running.runtime.stats().workers[0]?.pid as number;
  const invocation = running.runtime.invoke('stubborn');
  await until('it to begin', () => eventsOf(running).length > 0);
  invocation.cancel();
  await rejectionOf(invocation, CancelledError);
  await within('the close', running.runtime.close());
  assert.equal(await isAlive(pid), false);
});

test('a SIGTERM that is not from the runtime ends no function', async (t) => {
  const { project, runtime } = await runProject(
    t,
    {
      'functions/wait-for.js': `
        import fs from 'node:fs';
        export default async (file) => {
          fs.writeFileSync(file + '-begun', '');
          while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
          return process.pid;
        };`,
    },
    patient,
  );
  const invocation = runtime.invoke('wait-for', project.path('go'));
  await until('it to begin', () => project.has('go-begun'));
  const [worker] = runtime.stats().workers;
  process.kill(worker?.pid as number, 'SIGTERM');
  project.write('go', '');
  assert.equal(await within('its end', invocation), worker?.pid);
});

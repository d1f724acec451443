import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CancelledError, TimeoutError } from 'warm-pool';
import { type Running, rejectionOf, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';

/** Writes down what happens to it, as lines of the file `events`. */
const noting = (body: string) => `
  import fs from 'node:fs';
  const note = (what) => fs.appendFileSync(new URL('../events', import.meta.url), what + '\\n');
  ${body}`;

const files = {
  'functions/pid.js': 'export default () => process.pid;',
  'functions/cooperate.js': noting(`
    export default (args, { signal }) =>
      new Promise((resolve, reject) => {
        note('begun');
        signal.addEventListener('abort', () => {
          note([signal.reason.name, signal.reason.message, String(signal.reason.cause)].join(' | '));
          reject(signal.reason);
        });
      });`),
  'functions/fetch.js': noting(`
    import { setTimeout } from 'node:timers/promises';
    export default async (args, { signal }) => {
      note('begun');
      // As fetch and all of Node do it.
      await setTimeout(60_000, null, { signal });
    };`),
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

const eventsOf = ({ project }: Running) =>
  existsSync(project.path('events'))
    ? readFileSync(project.path('events'), 'utf8').split('\n').slice(0, -1)
    : [];

/** Runs the function, cancels it when it has begun, and says who runs the next one. */
async function cancelRunning(running: Running, name: string, reason?: unknown) {
  const { runtime } = running;
  const before = await runtime.invoke<number>('pid');
  const count = eventsOf(running).length;
  const invocation = runtime.invoke(name);
  await until('it to begin', () => eventsOf(running).length > count);
  invocation.cancel(reason);
  const next = runtime.invoke<number>('pid');
  await rejectionOf(invocation, CancelledError);
  return { before, after: await within('the next one', next) };
}

/** So long that nothing is killed in the time of a test. */
const patient = { config: { pool: { max: 1, killGrace: '10 min' } } };
const impatient = { config: { pool: { max: 1, killGrace: '100ms' } } };
/** Time enough for a process to note a signal before the next one comes. */
const fair = { config: { pool: { max: 1, killGrace: '1s' } } };

for (const name of ['cooperate', 'fetch']) {
  test(`a function that ends when its signal aborts (${name}) keeps its worker`, async (t) => {
    const running = await runProject(t, files, patient);
    for (let round = 0; round < 5; round++) {
      const { before, after } = await cancelRunning(running, name);
      assert.equal(after, before);
    }
  });
}

test('the signal of a function carries why: a cancel with its reason, or a timeout', async (t) => {
  const running = await runProject(t, files, patient);
  const { runtime } = running;
  await cancelRunning(running, 'cooperate', 'the user left');
  await cancelRunning(running, 'cooperate', new RangeError('too many photos'));
  await cancelRunning(running, 'cooperate');
  await rejectionOf(runtime.invoke('cooperate', undefined, { timeout: 100 }), TimeoutError);
  await runtime.invoke('pid');
  assert.deepEqual(
    eventsOf(running).filter((event) => event !== 'begun'),
    [
      'CancelledError | The invocation of "cooperate" was cancelled: the user left | the user left',
      'CancelledError | The invocation of "cooperate" was cancelled: too many photos | RangeError: too many photos',
      'CancelledError | The invocation of "cooperate" was cancelled. | undefined',
      'TimeoutError | Function "cooperate" ran longer than its timeout of 100 ms. | undefined',
    ],
  );
});

test('a reason that cannot be sent arrives as its text', async (t) => {
  const running = await runProject(t, files, patient);
  await cancelRunning(running, 'cooperate', { toString: () => 'the user left' });
  assert.match(eventsOf(running)[1] ?? '', /^\w*Error \| .*was cancelled: the user left/);
});

test('a function that ignores its signal is ended by SIGTERM', async (t) => {
  const running = await runProject(t, files, impatient);
  const { before, after } = await cancelRunning(running, 'deaf');
  assert.notEqual(after, before);
  assert.equal(await isAlive(before), false);
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
  assert.equal(await isAlive(before), false);
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

for (const killGrace of [Infinity, '30 days']) {
  test(`with a killGrace of ${killGrace} nothing is killed`, async (t) => {
    const running = await runProject(
      t,
      {
        ...files,
        'functions/slow.js': noting(`
          export default async () => {
            note('begun');
            await new Promise((resolve) => setTimeout(resolve, 300));
          };`),
      },
      { config: { pool: { max: 1, killGrace } } },
    );
    const { before, after } = await cancelRunning(running, 'slow');
    assert.equal(after, before);
  });
}

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

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { FunctionError, InvalidInputError, type Runtime } from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';

/** Appends to the file `events` of its project: what and in which worker. */
const note = `
  import fs from 'node:fs';
  const note = (what) => fs.appendFileSync(new URL('../events', import.meta.url), what + ' ' + process.pid + '\\n');`;

const noting = (name: string) => `
  ${note}
  import { setTimeout } from 'node:timers/promises';
  let isSetUp = false;
  export default async (ms) => {
    if (!isSetUp) throw new Error('it has not been set up');
    await setTimeout(ms ?? 0);
    return process.pid;
  };
  export const config = {
    setup: async () => {
      note('${name} set up');
      await setTimeout(10);
      isSetUp = true;
    },
    teardown: async () => {
      await setTimeout(10);
      note('${name} torn down');
    },
  };`;

const files = {
  events: '',
  'functions/first.js': noting('first'),
  'functions/second.js': noting('second'),
  'functions/never.js': noting('never'),
};

const eventsOf = (file: string) => fs.readFileSync(file, 'utf8').split('\n').slice(0, -1).sort();

test('setup runs once in each worker, before the first invocation there; teardown when it is stopped', async (t) => {
  const { project, runtime } = await runProject(t, files, { config: { pool: { min: 2, max: 2 } } });
  assert.deepEqual(eventsOf(project.path('events')), []);
  // Both workers are taken by the first two.
  const waits = [runtime.invoke<number>('first', 200), runtime.invoke<number>('first', 200)];
  const pids = await Promise.all(waits);
  assert.equal(new Set(pids).size, 2);
  for (let round = 0; round < 5; round++) await runtime.invoke('first');
  const second = await runtime.invoke<number>('second');
  const setUps = [...pids.map((pid) => `first set up ${pid}`), `second set up ${second}`];
  assert.deepEqual(eventsOf(project.path('events')), setUps.sort());

  await within('the close', runtime.close());
  const all = setUps.flatMap((event) => [event, event.replace('set up', 'torn down')]);
  assert.deepEqual(eventsOf(project.path('events')), all.sort());
});

test('a worker that is trimmed runs its teardown', async (t) => {
  const { project, runtime } = await runProject(t, files, {
    config: { pool: { min: 0, max: 1, idleTimeout: '50ms' } },
  });
  const pid = await runtime.invoke<number>('first');
  await until('the worker to end', async () => !(await isAlive(pid)));
  assert.deepEqual(eventsOf(project.path('events')), [`first set up ${pid}`, `first torn down ${pid}`]);
});

test('a setup that fails fails its invocation with what it threw, and the next one tries again', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/open.js': `
        let attempts = 0;
        export default () => ({ attempts, pid: process.pid });
        export const config = {
          setup: async () => {
            if (++attempts < 3) throw new RangeError('no database, attempt ' + attempts);
          },
        };`,
    },
    { config: { pool: { max: 1 } } },
  );
  const pid = runtime.stats().workers[0]?.pid;
  for (const attempt of [1, 2]) {
    const { cause } = await rejectionOf(runtime.invoke('open'), FunctionError);
    assert(cause instanceof RangeError);
    assert.equal(cause.message, `no database, attempt ${attempt}`);
  }
  assert.deepEqual(await runtime.invoke('open'), { attempts: 3, pid });
  assert.deepEqual(await runtime.invoke('open'), { attempts: 3, pid });
});

const badTeardowns: [what: string, teardown: string][] = [
  ['throws', `() => { throw new Error('can not'); }`],
  ['never resolves', '() => new Promise(() => {})'],
  ['never returns', '() => { for (;;); }'],
];

for (const [what, teardown] of badTeardowns) {
  test(`a teardown that ${what} doesn't hold up the close`, async (t) => {
    const { runtime } = await runProject(
      t,
      {
        'functions/open.js': `
          export default () => process.pid;
          export const config = { setup() {}, teardown: ${teardown} };`,
      },
      { config: { pool: { killGrace: '100ms' } } },
    );
    const pid = await runtime.invoke<number>('open');
    await within('the close', runtime.close());
    assert.equal(await isAlive(pid), false);
  });
}

test('arguments that the schema refuses reach neither setup nor handler', async (t) => {
  const { project, runtime } = await runProject(t, {
    events: '',
    'functions/resize.js': `
      ${note}
      import { setTimeout } from 'node:timers/promises';
      const validate = async ({ size = 32, ...rest }) => {
        await setTimeout(5);
        return size > 0 ? { value: { size, ...rest } } : { issues: [{ message: 'too small', path: ['size'] }] };
      };
      export default (input) => { note('handler'); return input; };
      export const config = {
        setup: () => note('setup'),
        input: { '~standard': { version: 1, vendor: 'test', validate } },
      };`,
  });
  const { issues } = await rejectionOf(runtime.invoke('resize', { size: -1 }), InvalidInputError);
  assert.deepEqual(issues, [{ message: 'too small', path: ['size'] }]);
  assert.deepEqual(eventsOf(project.path('events')), []);
  assert.deepEqual(await runtime.invoke('resize', { src: 'a.jpg' }), { size: 32, src: 'a.jpg' });
  const pid = pidOf(runtime);
  assert.deepEqual(eventsOf(project.path('events')), [`handler ${pid}`, `setup ${pid}`]);
});

const pidOf = (runtime: Runtime) => runtime.stats().workers[0]?.pid;

test('a teardown that throws keeps no other from its own', async (t) => {
  const { project, runtime } = await runProject(t, {
    ...files,
    'functions/a-throws.js': `
      export default () => {};
      export const config = { setup() {}, teardown() { throw new Error('the database is gone'); } };`,
  });
  await runtime.invoke('a-throws');
  await runtime.invoke('first');
  await within('the close', runtime.close());
  assert.match(eventsOf(project.path('events')).join(), /first torn down/);
});

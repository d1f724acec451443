import assert from 'node:assert/strict';
import fs from 'node:fs';
import { FunctionError, InvalidInputError } from 'warm-pool';
import { infoOf, type Running, rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { meet, testEach, untilGone, whoIs } from './support.ts';

/** Appends to the file `events` of its project: what and in which worker. */
const note = `
  import fs from 'node:fs';
  import { threadId } from 'node:worker_threads';
  const who = process.pid + '.' + threadId;
  const note = (what) => fs.appendFileSync(new URL('../events', import.meta.url), what + ' ' + who + '\\n');`;

const noting = (name: string) => `
  ${note}
  import { setTimeout } from 'node:timers/promises';
  let isSetUp = false;
  export default async () => {
    if (!isSetUp) throw new Error('it has not been set up');
    return who;
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

const eventsOf = ({ project }: Running) =>
  fs.readFileSync(project.path('events'), 'utf8').split('\n').slice(0, -1);

testEach(
  'setup runs once in each worker, before the first invocation there; teardown when it is stopped',
  async (_t, open) => {
    const running = await open({ min: 2, max: 2 }, files);
    const { runtime } = running;
    await meet(running, 2);
    assert.deepEqual(eventsOf(running), []);
    const seen = new Set<string>();
    await until('both workers to run it', async () => {
      const both = [runtime.invoke<string>('first'), runtime.invoke<string>('first')];
      for (const who of await Promise.all(both)) seen.add(who);
      return seen.size === 2;
    });
    for (let round = 0; round < 5; round++) await runtime.invoke('first');
    const second = await runtime.invoke<string>('second');
    const setUps = [...[...seen].map((who) => `first set up ${who}`), `second set up ${second}`];
    assert.deepEqual(eventsOf(running).sort(), setUps.sort());

    await within('the close', runtime.close());
    const all = setUps.flatMap((event) => [event, event.replace('set up', 'torn down')]);
    assert.deepEqual(eventsOf(running).sort(), all.sort());
  },
);

testEach('a worker that is trimmed runs its teardown', async (_t, open) => {
  const running = await open({ min: 0, max: 1, idleTimeout: '50ms' }, files);
  const who = await running.runtime.invoke<string>('first');
  await until('the worker to leave', () => running.runtime.stats().workers.length === 0);
  await untilGone([who]);
  assert.deepEqual(eventsOf(running), [`first set up ${who}`, `first torn down ${who}`]);
});

testEach(
  'each worker that recycling brings is set up, and torn down when it has run its last',
  async (_t, open) => {
    const running = await open({ max: 1, maxInvocations: 2 }, files);
    const { runtime } = running;
    const runs = await within(
      'all of them',
      Promise.all(Array.from({ length: 7 }, () => runtime.invoke<string>('first'))),
    );
    const workers = [...new Set(runs)];
    assert.equal(workers.length, 4);
    await within('the close', runtime.close());
    const expected = workers.flatMap((who) => [`first set up ${who}`, `first torn down ${who}`]);
    assert.deepEqual(eventsOf(running).sort(), expected.sort());
  },
);

testEach('a reload tears down what was set up, and sets up the new code', async (_t, open, isolation) => {
  const config = { pool: { isolation, max: 1 } };
  const running = await open({}, files, { hotReload: true, config });
  const { project, runtime } = running;
  const before = await runtime.invoke<string>('first');
  project.write('functions/first.js', noting('other'));
  await until('the new code', async () => (await runtime.invoke<string>('first')) !== before);
  const after = await runtime.invoke<string>('first');
  const expected = [`first set up ${before}`, `first torn down ${before}`, `other set up ${after}`];
  await until('the old one to be torn down', () => eventsOf(running).length === expected.length);
  assert.deepEqual(eventsOf(running).sort(), expected);
});

testEach(
  'a setup that fails fails its invocation with what it threw, and the next one tries again',
  async (_t, open) => {
    const { runtime } = await open(
      { max: 1 },
      {
        'functions/open.js': `
        let attempts = 0;
        export default () => attempts;
        export const config = {
          setup: async () => {
            if (++attempts < 3) throw new RangeError('no database, attempt ' + attempts);
          },
        };`,
      },
    );
    const before = await whoIs(runtime);
    for (const attempt of [1, 2]) {
      const { cause } = await rejectionOf(runtime.invoke('open'), FunctionError);
      assert(cause instanceof RangeError);
      assert.equal(cause.message, `no database, attempt ${attempt}`);
    }
    assert.equal(await runtime.invoke('open'), 3);
    assert.equal(await runtime.invoke('open'), 3);
    assert.equal(await whoIs(runtime), before);
  },
);

testEach(
  'a worker that dies in setup fails the invocation, and the next one is set up elsewhere',
  async (_t, open) => {
    const running = await open(
      { max: 1 },
      {
        events: '',
        'functions/open.js': `
        ${note}
        export default () => who;
        export const config = {
          setup: () => {
            note('set up');
            if (fs.readFileSync(new URL('../events', import.meta.url), 'utf8').split('\\n').length === 2) process.exit(3);
          },
        };`,
      },
    );
    const { runtime } = running;
    await assert.rejects(within('the first', runtime.invoke('open')), {
      code: 'WORKER_CRASHED',
      exitCode: 3,
    });
    const who = await within('the next one', runtime.invoke<string>('open'));
    assert.equal(eventsOf(running).length, 2);
    assert.equal(eventsOf(running)[1], `set up ${who}`);
    assert.equal(infoOf(runtime, 'open').state, 'ready');
  },
);

const badTeardowns: [what: string, teardown: string][] = [
  ['throws', `() => { throw new Error('can not'); }`],
  ['never resolves', '() => new Promise(() => {})'],
  ['never returns', '() => { for (;;); }'],
];

for (const [what, teardown] of badTeardowns) {
  testEach(`a teardown that ${what} doesn't hold up the close`, async (_t, open) => {
    const { runtime } = await open(
      { killGrace: '100ms' },
      {
        'functions/open.js': `
          export default () => {};
          export const config = { setup() {}, teardown: ${teardown} };`,
      },
    );
    const who = await whoIs(runtime);
    await runtime.invoke('open');
    await within('the close', runtime.close());
    await untilGone([who]);
  });
}

testEach('arguments that the schema refuses reach neither setup nor handler', async (_t, open) => {
  const running = await open(
    { max: 1 },
    {
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
    },
  );
  const { runtime } = running;
  const { issues } = await rejectionOf(runtime.invoke('resize', { size: -1 }), InvalidInputError);
  assert.deepEqual(issues, [{ message: 'too small', path: ['size'] }]);
  assert.deepEqual(eventsOf(running), []);
  assert.deepEqual(await runtime.invoke('resize', { src: 'a.jpg' }), { size: 32, src: 'a.jpg' });
  const who = await whoIs(runtime);
  assert.deepEqual(eventsOf(running), [`setup ${who}`, `handler ${who}`]);
});

testEach('a teardown that throws keeps no other from its own', async (_t, open) => {
  const running = await open(
    { max: 1 },
    {
      ...files,
      'functions/a-throws.js': `
      export default () => {};
      export const config = { setup() {}, teardown() { throw new Error('the database is gone'); } };`,
    },
  );
  await running.runtime.invoke('a-throws');
  await running.runtime.invoke('first');
  await within('the close', running.runtime.close());
  assert.match(eventsOf(running).join(), /first torn down/);
});

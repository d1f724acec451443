import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  ConfigError,
  createRuntime,
  type Invocation,
  RuntimeClosedError,
  type Trigger,
  type TriggerContext,
} from 'warm-pool';
import { makePoolProject, runPool, startService } from '../support/cli.ts';
import { type Running, rejectionOf, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

/** A trigger of a user's own that notes what is done with it. */
function noting(id: string, notes: string[], own: Partial<Trigger> = {}): Trigger {
  return {
    ...{ kind: 'own', id, functions: [] },
    ...own,
    async start(context) {
      notes.push(`${id} starts`);
      await own.start?.(context);
    },
    async stop() {
      notes.push(`${id} stops`);
      await own.stop?.();
    },
  };
}

const functions = {
  'functions/where.js': 'export default (args, ctx) => ({ args, cwd: ctx.cwd });',
};

function runTriggers(t: TestContext, triggers: Trigger[]): Promise<Running> {
  return runProject(t, functions, { config: { triggers } });
}

test('what `check` finds is told with its path and message, and no trigger is started or stopped', async (t) => {
  const notes: string[] = [];
  const roots: string[] = [];
  let isMistaken = true;
  const mistaken = noting('mistaken', notes, {
    check: async (root) => {
      roots.push(root);
      if (!isMistaken) return [];
      return [
        { path: 'port', message: 'expected one that is free' },
        { path: '', message: 'it is not the season' },
      ];
    },
  });
  const { project, runtime } = await runTriggers(t, [noting('first', notes), mistaken]);
  assert.deepEqual(roots, [], 'it is called by the start alone');
  const error = await rejectionOf(runtime.start(), ConfigError);
  assert.deepEqual(error.issues, [
    { path: 'triggers[1].port', message: 'expected one that is free' },
    { path: 'triggers[1]', message: 'it is not the season' },
  ]);
  assert.deepEqual([roots, notes], [[project.root], []]);

  isMistaken = false;
  await within('the start', runtime.start());
  assert.deepEqual(notes, ['first starts', 'mistaken starts']);
});

test('`issues` are told by `createRuntime`, before a look at anything else', async () => {
  const notes: string[] = [];
  const mistaken = noting('mistaken', notes, {
    issues: [{ path: 'days[1]', message: 'expected the name of a day' }],
    check: async () => assert.fail('it is called'),
  });
  const error = await rejectionOf(createRuntime({ config: { triggers: [mistaken] } }), ConfigError);
  assert.deepEqual(error.issues, [{ path: 'triggers[0].days[1]', message: 'expected the name of a day' }]);
  assert.deepEqual(notes, []);
});

/** A configuration with one trigger of this kind, whose other members are these lines of an object. */
const configuration = (members: string) => `
  import { defineConfig, type Trigger } from 'warm-pool';
  const own: Trigger = {
    ...{ kind: 'own', id: 'mine', functions: ['echo'], start: async () => {}, stop: async () => {} },
    ${members}
  };
  export default defineConfig({ triggers: [own] });`;

test('`pool start` tells the mistakes of a trigger of the own, whichever way it finds them', async (t) => {
  for (const [members, source] of [
    ["issues: [{ path: 'days[1]', message: 'expected the name of a day' }],", 'pool.config.ts'],
    [
      "check: async (root) => [{ path: 'days[1]', message: 'expected the name of a day' }],",
      'the triggers of the configuration',
    ],
  ] as const) {
    const project = makePoolProject(t, { 'pool.config.ts': configuration(members) });
    const { code, stderr } = await runPool(t, project, ['start']);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /^pool: There is a mistake in .*:\n {2}triggers\[0\]\.days\[1\]: expected the name/m,
    );
    assert.ok(stderr.includes(`${source}:\n`), stderr);
  }
});

test('`nextAt` stands in the list of triggers and in `pool status`, as it is at that time', async (t) => {
  let nextAt: Date | undefined;
  const trigger = noting('mine', []);
  Object.defineProperty(trigger, 'nextAt', { get: () => nextAt });
  const { runtime } = await runTriggers(t, [trigger]);
  const next = () => runtime.triggers().map((each) => each.nextAt);
  assert.deepEqual(next(), [undefined]);
  await runtime.start();
  nextAt = new Date('2031-01-02T03:04:05.678Z');
  assert.deepEqual(next(), ['2031-01-02T03:04:05.678Z']);
  nextAt = undefined;
  assert.deepEqual(next(), [undefined]);
});

test('`pool status` tells when a trigger of the own invokes something next', async (t) => {
  const members = 'nextAt: new Date(Date.now() + 90_000 * 60_000),';
  const project = makePoolProject(t, { 'pool.config.ts': configuration(members) });
  await startService(t, project);
  const { stdout } = await runPool(t, project, ['status']);
  assert.match(stdout, /^trigger +own mine → echo: next in 62\.5 d$/m);
  const json = await runPool(t, project, ['status', '--json']);
  const { triggers } = JSON.parse(json.stdout) as { triggers: { id: string; nextAt: string }[] };
  assert.equal(triggers[0]?.id, 'mine');
  assert.ok(Date.parse(triggers[0].nextAt) > Date.now() + 86_400_000, json.stdout);
});

test('when a start rejects, that trigger and those before it are stopped, and the start fails with the reason', async (t) => {
  const notes: string[] = [];
  const reason = Object.assign(new Error('the port is taken'), { code: 'EADDRINUSE' });
  const { runtime } = await runTriggers(t, [
    noting('first', notes),
    noting('broken', notes, { start: () => Promise.reject(reason) }),
    noting('last', notes),
  ]);
  await assert.rejects(within('the start', runtime.start()), (error) => error === reason);
  assert.deepEqual(notes.slice(0, 2), ['first starts', 'broken starts']);
  assert.deepEqual(notes.slice(2).sort(), ['broken stops', 'first stops']);
  await within('the close', runtime.close());
  assert.equal(notes.length, 4, 'what was stopped is stopped once');
});

test('`pool start` says why a trigger of the own could not be started, and ends with 69', async (t) => {
  const members = `
    async start() { throw new Error('webhook: the port 8080 is taken'); },
    async stop() { console.log('it was stopped'); },`;
  const project = makePoolProject(t, { 'pool.config.ts': configuration(members) });
  const { code, stderr } = await runPool(t, project, ['start']);
  assert.equal(code, 69);
  assert.match(stderr, /^it was stopped$/m);
  assert.match(stderr, /^pool: webhook: the port 8080 is taken\./m);
});

test('`signal` aborts before `stop` is called, at a close and when a start fails', async (t) => {
  const notes: string[] = [];
  const telling = noting('telling', notes, {
    async start({ signal }) {
      assert.equal(signal.aborted, false);
      signal.addEventListener('abort', () => notes.push('telling is told'));
    },
  });
  let isBroken = true;
  const broken = noting('broken', notes, {
    async start() {
      if (isBroken) throw new Error('not yet');
    },
  });
  const { runtime } = await runTriggers(t, [telling, broken]);
  await assert.rejects(runtime.start(), /not yet/);
  const ofTelling = () => notes.splice(0).filter((note) => note.startsWith('telling'));
  const expected = ['telling starts', 'telling is told', 'telling stops'];
  assert.deepEqual(ofTelling(), expected);

  isBroken = false;
  await within('the second start', runtime.start());
  assert.deepEqual(ofTelling(), ['telling starts'], 'its signal is a new one');
  await within('the close', runtime.close());
  assert.deepEqual(ofTelling(), expected.slice(1));
});

test('what a trigger invokes once it is told to stop is rejected, not thrown', async (t) => {
  const late: Invocation[] = [];
  let invoke = () => {};
  const trigger = noting('late', [], {
    async start(context) {
      invoke = () => {
        const invocation = context.invoke('where');
        invocation.catch(() => {}); // the test looks at it later
        late.push(invocation);
      };
      context.signal.addEventListener('abort', invoke);
    },
    async stop() {
      invoke();
    },
  });
  const { runtime } = await runTriggers(t, [trigger]);
  await runtime.start();
  const closed = runtime.close();
  await until('it has tried twice', () => late.length === 2);
  await within('the close', closed);
  invoke();
  assert.equal(late.length, 3);
  for (const invocation of late) {
    const { code, functionName } = await rejectionOf(invocation, RuntimeClosedError);
    assert.deepEqual([code, functionName], ['RUNTIME_CLOSED', 'where']);
  }
});

test("a trigger's function works in the folder of the configuration, unless it says otherwise", async (t) => {
  let invoke: TriggerContext['invoke'] | undefined;
  const trigger = noting('own', [], {
    async start(context) {
      invoke = context.invoke;
    },
  });
  const { project, runtime } = await runTriggers(t, [trigger]);
  await runtime.start();
  assert(invoke);
  assert.deepEqual(await invoke('where', 1), { args: 1, cwd: project.root });
  const cwd = project.path('functions');
  assert.deepEqual(await invoke('where', 2, { cwd }), { args: 2, cwd });
});

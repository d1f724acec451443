import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import {
  type Config,
  createRuntime,
  FunctionLoadError,
  QueueFullError,
  type Runtime,
  RuntimeClosedError,
  WorkerCrashedError,
} from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';

const inPool = (pool: string | undefined) =>
  pool === undefined ? '' : `export const config = { pool: '${pool}' };`;

/** Notes who loads it, and says who runs it. */
const noted = (name: string, pool?: string) => `
  import fs from 'node:fs';
  fs.appendFileSync(new URL('../loads', import.meta.url), '${name} ' + process.pid + ';');
  export default () => ({ pid: process.pid, role: process.env.ROLE });
  ${inPool(pool)}`;

/** Ends when there is a file `go`; its result says what it was. */
const held = (version: number, pool?: string) => `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export default async () => {
    while (!fs.existsSync(new URL('../go', import.meta.url))) await setTimeout(5);
    return { version: ${version}, role: process.env.ROLE };
  };
  ${inPool(pool)}`;

const roles = (more: Config['pools'] = {}): Config => ({
  pool: { max: 1, env: { ROLE: 'default' } },
  pools: { io: { max: 1, env: { ROLE: 'io' } }, ...more },
});

interface Seen {
  readonly pid: number;
  readonly role: string;
}

function workersOf(runtime: Runtime, pool: string) {
  return runtime.stats().workers.filter((worker) => worker.pool === pool);
}

test('each function runs in the pool that it names, whose workers load nothing else', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/here.js': noted('here'), 'functions/there.js': noted('there', 'io') },
    {
      config: {
        pool: { min: 2, max: 2, env: { ROLE: 'default' } },
        pools: { io: { min: 2, env: { ROLE: 'io' } } },
      },
    },
  );
  for (const pool of ['default', 'io']) {
    const workers = workersOf(runtime, pool);
    assert.deepEqual(
      workers.map(({ state }) => state),
      ['ready', 'ready'],
      pool,
    );
  }
  const ids = runtime.stats().workers.map(({ id }) => id);
  assert.equal(new Set(ids).size, 4);
  const [here, there] = await Promise.all([runtime.invoke<Seen>('here'), runtime.invoke<Seen>('there')]);
  assert.deepEqual([here.role, there.role], ['default', 'io']);
  assert(workersOf(runtime, 'io').some(({ pid }) => pid === there.pid));
  assert.equal(infoOf(runtime, 'there').config.pool, 'io');
  assert.equal(infoOf(runtime, 'here').config.pool, 'default');

  const loads = fs.readFileSync(project.path('loads'), 'utf8').split(';').slice(0, -1).sort();
  const pidsOf = (pool: string) => workersOf(runtime, pool).map(({ pid }) => pid as number);
  const [first] = loads.filter((load) => pidsOf('default').some((pid) => load === `there ${pid}`));
  const expected = [
    ...pidsOf('default').map((pid) => `here ${pid}`),
    ...pidsOf('io').map((pid) => `there ${pid}`),
    // Only a worker can tell which pool a function names: the first one has loaded all.
    first,
  ];
  assert.deepEqual(loads, expected.sort());
});

test('a pool without functions has no worker, the default one included', async (t) => {
  const { runtime } = await runProject(
    t,
    { 'functions/there.js': noted('there', 'io') },
    { config: { pool: { min: 2, max: 2 }, pools: { io: { min: 2 }, unused: { min: 2 } } } },
  );
  assert.equal((await within('the one', runtime.invoke<Seen>('there'))).role, undefined);
  await until('the first worker to be gone', () => runtime.stats().workers.length === 2);
  assert.deepEqual(
    runtime.stats().workers.map(({ pool }) => pool),
    ['io', 'io'],
  );
});

test('a pool that does not exist puts its function out of service, and the error names those that do', async (t) => {
  const { runtime } = await runProject(
    t,
    { 'functions/typo.js': noted('typo', 'oi'), 'functions/here.js': noted('here') },
    { config: roles({ cpu: {} }) },
  );
  const { message } = await rejectionOf(runtime.invoke('typo'), FunctionLoadError);
  assert.match(
    message,
    /pool: there is no pool "oi", did you mean "io"\? the configuration has default, io, cpu/,
  );
  await within('the other', runtime.invoke('here'));
});

test('what a named pool does not set is the default of the library', async (t) => {
  const { runtime } = await runProject(
    t,
    { 'functions/here.js': noted('here'), 'functions/there.js': noted('there', 'io') },
    { config: { pool: { timeout: '5s' }, pools: { io: {} } } },
  );
  assert.equal(infoOf(runtime, 'here').config.timeout, 5_000);
  assert.equal(infoOf(runtime, 'there').config.timeout, 60_000);
});

test('pools queue for themselves: a full one says which it is, and holds up no other', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/here.js': noted('here'), 'functions/held.js': held(1, 'io') },
    { config: roles({ io: { max: 1, queueLimit: 1 } }) },
  );
  const taken = [runtime.invoke('held'), runtime.invoke('held')];
  const { message } = await rejectionOf(runtime.invoke('held'), QueueFullError);
  assert.match(message, /queue of the pool "io" is full: 1 invocations wait/);
  await within('the other', runtime.invoke('here'));
  assert.deepEqual([runtime.stats().queued, runtime.stats().running], [1, 1]);
  let isDrained = false;
  const drained = runtime.drain().then(() => {
    isDrained = true;
  });
  await within('the other', runtime.invoke('here'));
  assert.equal(isDrained, false);
  project.write('go', '');
  await within('the drain', drained);
  await within('both', Promise.all(taken));
});

test('what waits for a function that moves to another pool runs there, and what runs ends where it is', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/held.js': held(1) },
    { hotReload: true, config: roles() },
  );
  const running = runtime.invoke('held');
  await until('it to run', () => running.status === 'running');
  const waiting = Array.from({ length: 20 }, () => runtime.invoke('held'));
  project.write('functions/held.js', held(2, 'io'));
  await until('the reload', () => infoOf(runtime, 'held').config.pool === 'io');
  project.write('go', '');
  assert.deepEqual(await within('the first', running), { version: 1, role: 'default' });
  for (const result of await within('the others', Promise.all(waiting))) {
    assert.deepEqual(result, { version: 2, role: 'io' });
  }
});

test('no invocation fails while functions move between pools', async (t) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/move.js': noted('move'), 'functions/stay.js': noted('stay', 'io') },
    { hotReload: true, config: roles({ cpu: { max: 1, env: { ROLE: 'cpu' } } }) },
  );
  let isOver = false;
  const counts = new Map<string, number>();
  const caller = async (name: string) => {
    while (!isOver) {
      const { role } = await runtime.invoke<Seen>(name);
      counts.set(role, (counts.get(role) ?? 0) + 1);
    }
  };
  const callers = Promise.all(['move', 'move', 'move', 'stay'].map(caller));
  callers.catch(() => {}); // awaited below
  for (const pool of ['io', 'cpu', 'default', 'io', 'default']) {
    project.write('functions/move.js', noted(`move to ${pool}`, pool));
    await until(`the move to ${pool}`, () => infoOf(runtime, 'move').config.pool === pool);
    await until('a run there', async () => (await runtime.invoke<Seen>('move')).role === pool);
  }
  isOver = true;
  await within('the callers', callers);
  assert.deepEqual([...counts.keys()].sort(), ['cpu', 'default', 'io']);
  await until('the pool that lost its function to be empty', () => workersOf(runtime, 'cpu').length === 0);
});

test('a named pool that can not start is the error of createRuntime, by its name', async (t) => {
  const { project } = await runProject(
    t,
    { 'functions/there.js': noted('there', 'io') },
    { config: roles() },
  );
  const config = roles({ io: { execArgv: ['--no-such-option'] } });
  const { message } = await rejectionOf(createRuntime({ cwd: project.root, config }), WorkerCrashedError);
  assert.match(message, /No worker starts in the pool "io": .*bad option: --no-such-option/);
});

test('a reload into a pool that can not start leaves all as it was', async (t) => {
  const log = new LogLines();
  const { project, runtime } = await runProject(
    t,
    { 'functions/here.js': noted('here') },
    { hotReload: true, logger: log.logger, config: roles({ broken: { execArgv: ['--no-such-option'] } }) },
  );
  const before = infoOf(runtime, 'here');
  project.write('functions/here.js', noted('here', 'broken'));
  await log.line(/^error the functions stay as they were: No worker starts in the pool "broken"/);
  assert.equal(infoOf(runtime, 'here').version, before.version);
  assert.equal((await within('the old one', runtime.invoke<Seen>('here'))).role, 'default');
  project.write('functions/here.js', noted('here', 'io'));
  await until('the next reload', async () => (await runtime.invoke<Seen>('here')).role === 'io');
});

test('a module that ends the workers of its own pool alone is out of service, with the reason', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/fatal.js': `if (process.env.ROLE === 'io') process.exit(3); ${noted('fatal', 'io')}`,
      'functions/there.js': noted('there', 'io'),
    },
    { config: roles() },
  );
  const { message } = await rejectionOf(runtime.invoke('fatal'), FunctionLoadError);
  assert.match(message, /exited with code 3 while it loaded the module/);
  assert.equal((await within('the other', runtime.invoke<Seen>('there'))).role, 'io');
});

test('a close ends all pools, and kills in all of them at its deadline', async (t) => {
  const { runtime } = await runProject(
    t,
    { 'functions/here.js': held(1), 'functions/there.js': held(1, 'io') },
    { config: roles() },
  );
  const invocations = ['here', 'there'].map((name) => runtime.invoke(name));
  await until('both to run', () => invocations.every(({ status }) => status === 'running'));
  const pids = runtime.stats().workers.map(({ pid }) => pid as number);
  assert.equal(pids.length, 2);
  const closed = runtime.close({ timeout: 50 });
  for (const invocation of invocations) await rejectionOf(invocation, RuntimeClosedError);
  await within('the close', closed);
  for (const pid of pids) assert.equal(await isAlive(pid), false);
});

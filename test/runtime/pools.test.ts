import assert from 'node:assert/strict';
import fs from 'node:fs';
import { QueueFullError, RuntimeClosedError } from 'warm-pool';
import { assertGone, nameOf, testEach } from '../conformance/support.ts';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { allOf, held, namesIn, noted, roles, type Seen, workersOf } from './support-pools.ts';

testEach(
  'each function runs in the pool that it names, whose workers load nothing else',
  async (t, _open, isolation) => {
    const { project, runtime } = await runProject(
      t,
      { 'functions/here.js': noted('here'), 'functions/there.js': noted('there', 'io') },
      {
        config: allOf(isolation, {
          pool: { min: 2, max: 2, env: { ROLE: 'default' } },
          pools: { io: { min: 2, env: { ROLE: 'io' } } },
        }),
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
    assert(namesIn(runtime, 'io').includes(there.who));
    assert.equal(infoOf(runtime, 'there').config.pool, 'io');
    assert.equal(infoOf(runtime, 'here').config.pool, 'default');

    const loads = fs.readFileSync(project.path('loads'), 'utf8').split(';').slice(0, -1).sort();
    const [first] = loads.filter((load) =>
      namesIn(runtime, 'default').some((who) => load === `there ${who}`),
    );
    const expected = [
      ...namesIn(runtime, 'default').map((who) => `here ${who}`),
      ...namesIn(runtime, 'io').map((who) => `there ${who}`),
      // Only a worker can tell which pool a function names: the first one has loaded all.
      first,
    ];
    assert.deepEqual(loads, expected.sort());
  },
);

testEach('a pool without functions has no worker, the default one included', async (t, _open, isolation) => {
  const { runtime } = await runProject(
    t,
    { 'functions/there.js': noted('there', 'io') },
    { config: allOf(isolation, { pool: { min: 2, max: 2 }, pools: { io: { min: 2 }, unused: { min: 2 } } }) },
  );
  assert.equal((await within('the one', runtime.invoke<Seen>('there'))).role, undefined);
  await until('the first worker to be gone', () => runtime.stats().workers.length === 2);
  assert.deepEqual(
    runtime.stats().workers.map(({ pool }) => pool),
    ['io', 'io'],
  );
});

testEach('what a named pool does not set is the default of the library', async (t, _open, isolation) => {
  const { runtime } = await runProject(
    t,
    { 'functions/here.js': noted('here'), 'functions/there.js': noted('there', 'io') },
    { config: allOf(isolation, { pool: { timeout: '5s' }, pools: { io: {} } }) },
  );
  assert.equal(infoOf(runtime, 'here').config.timeout, 5_000);
  assert.equal(infoOf(runtime, 'there').config.timeout, 60_000);
});

testEach(
  'pools queue for themselves: a full one says which it is, and holds up no other',
  async (t, _open, isolation) => {
    const { project, runtime } = await runProject(
      t,
      { 'functions/here.js': noted('here'), 'functions/held.js': held(1, 'io') },
      { config: roles(isolation, { io: { max: 1, queueLimit: 1 } }) },
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
  },
);

testEach(
  'what waits for a function that moves to another pool runs there, and what runs ends where it is',
  async (t, _open, isolation) => {
    const { project, runtime } = await runProject(
      t,
      { 'functions/held.js': held(1) },
      { hotReload: true, config: roles(isolation) },
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
  },
);

testEach('no invocation fails while functions move between pools', async (t, _open, isolation) => {
  const { project, runtime } = await runProject(
    t,
    { 'functions/move.js': noted('move'), 'functions/stay.js': noted('stay', 'io') },
    { hotReload: true, config: roles(isolation, { cpu: { max: 1, env: { ROLE: 'cpu' } } }) },
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

testEach('a close ends all pools, and kills in all of them at its deadline', async (t, _open, isolation) => {
  const { runtime } = await runProject(
    t,
    { 'functions/here.js': held(1), 'functions/there.js': held(1, 'io') },
    { config: roles(isolation) },
  );
  const invocations = ['here', 'there'].map((name) => runtime.invoke(name));
  await until('both to run', () => invocations.every(({ status }) => status === 'running'));
  const workers = runtime.stats().workers.map(nameOf);
  assert.equal(workers.length, 2);
  const closed = runtime.close({ timeout: 50 });
  for (const invocation of invocations) await rejectionOf(invocation, RuntimeClosedError);
  await within('the close', closed);
  assert.deepEqual(runtime.stats().workers, []);
  await assertGone(workers);
});

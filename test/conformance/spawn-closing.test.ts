import assert from 'node:assert/strict';
import { RuntimeClosedError } from 'warm-pool';
import { startProgram } from '../runtime/support-program.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { isAlive, until, within } from '../support/wait.ts';
import { functions, type Isolation, poolText, testEach } from './support.ts';
import { allOf, nextOf, spawned } from './support-spawn.ts';

testEach('close tells a spawned function to end at once, and it can end in its own way', async (_t, open) => {
  const { runtime } = await open({ killGrace: '60s', max: 1 }, spawned);
  const task = runtime.spawn('serve', 'saved');
  assert.equal(await nextOf(task), 'begun');
  const counter = runtime.spawn('counter', { from: 3 });
  await nextOf(counter);
  // What runs is finished, but what was spawned is not to wait for that.
  const running = runtime.invoke('wait', 200);
  const closed = runtime.close();
  assert.deepEqual(await allOf(task), ['RUNTIME_CLOSED']);
  assert.equal(await within('its result', task.done), 'saved');
  assert.equal(await within('the result of the other', counter.done), 3);
  assert.equal(await within('the invocation', running), 'waited');
  await within('the close', closed);
  assert.deepEqual(runtime.stats().workers, []);
});

for (const name of ['deaf', 'spin-on']) {
  testEach(`close ends one that goes on, after killGrace (${name})`, async (_t, open) => {
    const { runtime } = await open({ killGrace: '50ms' }, spawned);
    const task = runtime.spawn(name);
    assert.equal(await nextOf(task), 'begun');
    await within('the close', runtime.close());
    const { message } = await rejectionOf(task.done, RuntimeClosedError);
    assert.match(message, new RegExp(`"${name}" was told to end`));
    assert.deepEqual(runtime.stats().workers, []);
  });
}

testEach('the deadline of a close ends what has more time than that', async (_t, open) => {
  const { runtime } = await open({ killGrace: '600s' }, spawned);
  const task = runtime.spawn('deaf');
  assert.equal(await nextOf(task), 'begun');
  await within('the close', runtime.close({ timeout: 20 }));
  await rejectionOf(task.done, RuntimeClosedError);
  assert.deepEqual(runtime.stats().workers, []);
});

testEach('one that is starting when the runtime is closed never runs', async (_t, open) => {
  const { runtime } = await open({}, spawned);
  const task = runtime.spawn('serve');
  await within('the close', runtime.close());
  await rejectionOf(task.done, RuntimeClosedError);
  assert.deepEqual(await allOf(task), []);
});

testEach('a closed runtime spawns nothing', async (_t, open) => {
  const { runtime } = await open({}, spawned);
  await runtime.close();
  const task = runtime.spawn('serve');
  await rejectionOf(task.done, RuntimeClosedError);
  assert.deepEqual(await allOf(task), []);
});

const files = { ...functions, ...spawned };

const created = (isolation: Isolation) => `
  import { createRuntime } from 'warm-pool';
  const runtime = await createRuntime({ config: { pool: ${poolText(isolation, { max: 1, killGrace: '50ms' })} } });
  const next = async ({ messages }) => { for await (const message of messages) return message; };`;

testEach(
  'a program goes on as long as what it has spawned, and ends with it',
  async (t, _open, isolation) => {
    const program = startProgram(
      t,
      makeProject(t, { ...files, 'functions/pause.js': `
      import { setTimeout } from 'node:timers/promises';
      export default (ms) => setTimeout(ms, 'paused');` }), // biome-ignore format: short
      `${created(isolation)}
    const task = runtime.spawn('pause', 300);
    console.log(JSON.stringify(task.pid ?? 0));
    task.done.then((value) => console.log(JSON.stringify(value)));`,
    );
    const pid = await program.line<number>(0);
    assert.equal(await program.line(1), 'paused');
    const { code, stderr } = await program.ended;
    assert.deepEqual([code, stderr], [0, '']);
    if (pid > 0) await until('the end of its worker', async () => !(await isAlive(pid)));
  },
);

/** How a function ends whose `done` nobody reads, and whether that is an unhandled rejection. */
const unread: [what: string, body: string, unhandled: number][] = [
  ['fails', `runtime.spawn('fail');`, 1],
  ['loses its worker', `runtime.spawn('perish', 1);`, 1],
  ['is not there', `runtime.spawn('nobody');`, 1],
  ['is killed by the program', `const task = runtime.spawn('deaf'); await next(task); task.kill();`, 0],
  ['is cancelled', `const task = runtime.spawn('deaf'); await next(task); task.cancel();`, 0],
  ['is cancelled while it starts', `runtime.spawn('deaf').cancel();`, 0],
  ['is ended by the close', `const task = runtime.spawn('deaf'); await next(task);`, 0],
];

for (const [what, body, unhandled] of unread) {
  testEach(`${unhandled} unhandled rejections when a function ${what}`, async (t, _open, isolation) => {
    const program = startProgram(
      t,
      makeProject(t, files),
      `
      let count = 0;
      process.on('unhandledRejection', () => { count++; });
      ${created(isolation)}
      ${body}
      if (${unhandled}) while (count === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await runtime.close();
      await new Promise((resolve) => setImmediate(resolve));
      console.log(JSON.stringify(count));`,
    );
    assert.equal(await program.line(0), unhandled);
    assert.equal((await program.ended).code, 0);
  });
}

testEach(
  'no spawned function outlives a program that is killed',
  async (t, _open, isolation) => {
    const program = startProgram(
      t,
      makeProject(t, files),
      `${created(isolation)}
      const tasks = [runtime.spawn('deaf'), runtime.spawn('spin-on')];
      for (const task of tasks) await next(task);
      console.log(JSON.stringify(tasks.map(({ pid }) => pid)));`,
    );
    const pids = await program.line<number[]>(0);
    program.kill('SIGKILL');
    for (const pid of pids) await until(`the end of worker ${pid}`, async () => !(await isAlive(pid)));
  },
  ['process'],
);

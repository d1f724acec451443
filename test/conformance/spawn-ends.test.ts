import assert from 'node:assert/strict';
import { CancelledError, FunctionError, MemoryLimitError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { assertGone, nameOf, testEach, whoIs } from './support.ts';
import { allOf, nextOf, spawned, untilBegun } from './support-spawn.ts';

const grace = { killGrace: '50ms' };

testEach(
  'after a hard death what it had sent arrives, and done tells how it ended',
  async (_t, open, isolation) => {
    const { runtime } = await open({ max: 1 }, spawned);
    const other = await whoIs(runtime);
    const task = runtime.spawn('perish', 200);
    assert.deepEqual(
      await allOf(task),
      Array.from({ length: 200 }, (_, index) => index),
    );
    const error = await rejectionOf(task.done, WorkerCrashedError);
    assert.deepEqual([error.signal, error.exitCode], isolation === 'process' ? ['SIGKILL', null] : [null, 1]);
    assert.deepEqual([error.functionName, error.invocationId, task.status], ['perish', task.id, 'crashed']);
    assert.equal(await whoIs(runtime), other);
    assert.equal(runtime.stats().pools.default?.exits.crashed, 1);
  },
);

testEach('what it throws rejects done, after its messages', async (_t, open) => {
  const { runtime } = await open({}, spawned);
  const task = runtime.spawn('fail');
  const failed = rejectionOf(task.done, FunctionError);
  assert.deepEqual(await allOf(task), ['so far']);
  const { cause } = await failed;
  assert(cause instanceof RangeError || (cause as Error).name === 'RangeError');
  assert.equal((cause as { at?: unknown }).at, 7);
  assert.equal(task.status, 'failed');
});

testEach(
  'one that is cancelled can end in its own way: its last message and its result arrive',
  async (_t, open) => {
    const { runtime } = await open({ killGrace: '60s' }, spawned);
    const task = runtime.spawn('serve', 'the last word');
    assert.equal(await nextOf(task), 'begun');
    task.cancel('enough');
    assert.deepEqual(await allOf(task), ['CANCELLED']);
    assert.equal(await within('its result', task.done), 'the last word');
  },
);

testEach('a function that reads is ended by a cancel without looking at its signal', async (_t, open) => {
  const { runtime } = await open({ killGrace: '60s' }, spawned);
  const task = runtime.spawn<number>('counter', { from: 5 });
  await nextOf(task);
  task.cancel();
  assert.equal(await within('its result', task.done), 5);
});

for (const name of ['deaf', 'spin-on']) {
  testEach(`one that goes on after a cancel is killed (${name})`, async (_t, open) => {
    const { runtime } = await open(grace, spawned);
    const task = runtime.spawn(name);
    assert.equal(await nextOf(task), 'begun');
    const reason = new Error('enough');
    task.cancel(reason);
    task.cancel('again');
    const error = await rejectionOf(task.done, CancelledError);
    assert.equal(error.cause, reason);
    assert.deepEqual([task.status, await allOf(task)], ['cancelled', []]);
    await within('the end of its worker', task[Symbol.asyncDispose]());
    assert.equal(runtime.stats().pools.default?.exits.cancelled, 1);
  });
}

testEach('kill ends it at once, whatever it does', async (_t, open) => {
  const { runtime } = await open({ killGrace: '600s' }, spawned);
  for (const name of ['spin-on', 'serve']) {
    const task = runtime.spawn(name);
    assert.equal(await nextOf(task), 'begun');
    const worker = runtime.stats().workers.find(({ dedicatedTo }) => dedicatedTo === name);
    task.kill();
    await assert.rejects(within('its end', task.done), { code: 'CANCELLED', message: /killed/ });
    assert.deepEqual(await allOf(task), []);
    await within('the end of its worker', task[Symbol.asyncDispose]());
    assert(worker);
    await assertGone([nameOf(worker)]);
    task.kill();
  }
});

testEach('one that is ended before it has begun never runs', async (_t, open) => {
  const files = {
    ...spawned,
    'functions/noted.js': `
      import fs from 'node:fs';
      export default () => fs.writeFileSync(new URL('../ran', import.meta.url), '');`,
  };
  const { runtime, project } = await open({}, files);
  const controller = new AbortController();
  const tasks = [
    runtime.spawn('noted'),
    runtime.spawn('noted'),
    runtime.spawn('noted', 1, { signal: controller.signal }),
  ];
  tasks[0]?.cancel('no');
  tasks[1]?.kill();
  controller.abort('no');
  for (const task of tasks) {
    await assert.rejects(within('its end', task.done), { code: 'CANCELLED' });
    await within('the end of its worker', task[Symbol.asyncDispose]());
  }
  assert.equal(project.has('ran'), false);
  assert.equal(runtime.stats().workers.filter(({ dedicatedTo }) => dedicatedTo).length, 0);
});

testEach('a signal cancels it, and leaves no listener', async (_t, open) => {
  const { runtime } = await open({}, spawned);
  const { signal, abort } = listened();
  const task = runtime.spawn('serve', 'ended', { signal });
  assert.equal(await nextOf(task), 'begun');
  assert.equal(signal.listeners, 1);
  abort();
  assert.equal(await within('its result', task.done), 'ended');
  const other = listened();
  const counter = runtime.spawn('counter', { from: 0 }, { signal: other.signal });
  counter.endMessages();
  await within('its end', counter.done);
  assert.equal(other.signal.listeners, 0);
});

function listened(): { signal: AbortSignal & { listeners: number }; abort: () => void } {
  const controller = new AbortController();
  const signal = Object.assign(controller.signal, { listeners: 0 });
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    signal.listeners++;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    signal.listeners--;
    Reflect.apply(removeEventListener, signal, args);
  };
  return { signal, abort: () => controller.abort() };
}

testEach('a timeout that it is given ends it', async (_t, open) => {
  const { runtime } = await open(grace, spawned);
  const task = runtime.spawn('deaf', undefined, { timeout: 50 });
  await assert.rejects(within('its end', task.done), { code: 'TIMEOUT', timeoutMs: 50 });
  await within('the end of its worker', task[Symbol.asyncDispose]());
  assert.equal(runtime.stats().pools.default?.exits.timedOut, 1);
});

testEach(
  'disposing of it ends it, waits for its worker, and leaves no unhandled rejection',
  async (_t, open) => {
    const { runtime } = await open(grace, spawned);
    let worker: string;
    {
      await using task = runtime.spawn('spin-on');
      assert.equal(await nextOf(task), 'begun');
      worker = nameOf({ ...runtime.stats().workers.at(-1), pid: task.pid, threadId: task.threadId } as never);
    }
    await assertGone([worker]);
    assert(runtime.stats().workers.every(({ dedicatedTo }) => dedicatedTo === undefined));
  },
);

testEach('a worker that does not get ready rejects done with its last words', async (_t, open) => {
  const files = {
    ...spawned,
    'functions/moody.js': `
      import fs from 'node:fs';
      if (fs.existsSync(new URL('../broken', import.meta.url))) {
        console.error('Error: the licence has expired');
        process.exit(3);
      }
      export default () => 'works';`,
  };
  const { runtime, project } = await open({}, files);
  project.write('broken', '');
  const task = runtime.spawn('moody');
  const early = task.send('early');
  const error = await rejectionOf(task.done, WorkerCrashedError);
  assert.match(error.message, /"moody" exited with code 3 before it could begin\..*licence has expired/);
  await within('what was sent to it', early);
  assert.deepEqual(await allOf(task), []);
  assert.equal(runtime.stats().pools.default?.exits.notStarted, 1);
  project.remove('broken');
  assert.equal(await within('the next one', runtime.spawn('moody').done), 'works');
});

testEach(
  'one that uses more memory than it may is ended for that',
  async (_t, open) => {
    const files = {
      'functions/fill.js': `
        const kept = [];
        export default () => { for (;;) kept.push(Buffer.alloc(2 ** 20, 1)); };
        export const config = { memory: '150mb' };`,
    };
    const { runtime } = await open({}, files);
    const { limitMB } = await rejectionOf(runtime.spawn('fill').done, MemoryLimitError);
    assert.equal(limitMB, 150);
    assert.equal(runtime.stats().pools.default?.exits.overMemory, 1);
  },
  ['process'],
);

/** What is no message, whatever it looks like: heads, and bodies of JSON. */
const nonsense: [head: object, body: string | undefined][] = [
  [{ type: 'message' }, undefined],
  [{ type: 'message' }, '{"cut'],
  [{ type: 'messagesRead', count: -1 }, undefined],
  [{ type: 'messagesRead' }, undefined],
];

for (const [head, body] of nonsense) {
  const shown = `${JSON.stringify(head)} ${body ?? ''}`;
  testEach(
    `one that writes ${shown} to its connection loses its worker, and nobody else does`,
    async (_t, open) => {
      const files = {
        ...spawned,
        'functions/garble.js': `
          import fs from 'node:fs';
          export default async ({ head, body }, { send }) => {
            await send('begun');
            const parts = [Buffer.alloc(10), Buffer.from(JSON.stringify(head)), Buffer.from(body ?? '')];
            parts[0].writeUInt32LE(6 + parts[1].length + parts[2].length, 0);
            parts[0].writeUInt8(body === undefined ? 0 : 1, 5);
            parts[0].writeUInt32LE(parts[1].length, 6);
            fs.writeSync(6, Buffer.concat(parts));
            await new Promise((resolve) => setTimeout(resolve, 600_000));
          };`,
      };
      const { runtime } = await open({ max: 1 }, files);
      const other = await whoIs(runtime);
      const task = runtime.spawn('garble', { head, body });
      const crashed = rejectionOf(task.done, WorkerCrashedError);
      assert.deepEqual(await allOf(task), ['begun']);
      assert.match((await crashed).stderr.join(), /its connection broke/);
      assert.equal(await whoIs(runtime), other);
    },
    ['process'],
  );
}

testEach('many that are ended in whatever state they are leave nothing', async (_t, open) => {
  const { runtime } = await open({ max: 2, ...grace }, spawned);
  const before = runtime.stats().workers.length;
  const tasks = Array.from({ length: 24 }, (_, index) => {
    const task = runtime.spawn(index % 3 === 0 ? 'deaf' : index % 3 === 1 ? 'counter' : 'perish', {
      from: index,
    });
    task.done.catch(() => {});
    return task;
  });
  await Promise.race(tasks.map((task) => untilBegun(task)));
  for (const [index, task] of tasks.entries()) {
    if (index % 2 === 0) task.kill();
    else task.cancel();
  }
  await within('their end', Promise.allSettled(tasks.map(({ done }) => done)));
  await until('the end of their workers', () => runtime.stats().workers.length === before);
  assert.equal(await runtime.invoke('echo', 'fine'), 'fine');
});

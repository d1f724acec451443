import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidInputError, type RuntimeEvent, SerializationError } from 'warm-pool';
import { keepLines } from '../support/log-lines.ts';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { assertGone, nameOf, notesOf, testEach } from './support.ts';
import { allOf, nextOf, spawned } from './support-spawn.ts';

testEach(
  'a spawned function and the program exchange messages, in order, until it returns',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 }, spawned);
    const task = runtime.spawn<number>('counter', { from: 10 });
    // Before it has started as well.
    for (const message of ['a', 'b', 'c']) await within('room', task.send(message));
    task.endMessages();
    const [first, ...others] = await allOf(task);
    assert.deepEqual(others, [[11, 'a'], [12, 'b'], [13, 'c']]); // biome-ignore format: one line
    assert.equal(await within('its result', task.done), 13);
    assert.equal(task.status, 'succeeded');
    assert.deepEqual(Object.keys(first as object), ['who']);
  },
);

testEach(
  'it has a worker of its own, which takes no place in the pool and ends with it',
  async (_t, open, isolation) => {
    const { runtime } = await open({ max: 1 }, spawned);
    const before = runtime.stats();
    const task = runtime.spawn<number>('counter', { from: 0 });
    assert.equal(task.status, 'starting');
    const { who } = (await nextOf(task)) as { who: string };
    assert.equal(task.status, 'running');
    // The one place of the pool is free.
    const own = await within('an invocation beside it', runtime.invoke<string>('who'));
    assert.notEqual(own, who);
    const stats = runtime.stats();
    const worker = stats.workers.find(({ dedicatedTo }) => dedicatedTo === 'counter');
    assert(worker, 'it has no worker in the statistics');
    assert.deepEqual([worker.pool, worker.state, worker.isolation], ['default', 'busy', isolation]);
    assert.equal(nameOf(worker), who);
    assert.equal(nameOf({ ...worker, pid: task.pid, threadId: task.threadId }), who);
    assert.equal(stats.workers.length, before.workers.length + 1);
    assert.deepEqual([stats.pools.default?.workers, stats.running, stats.queued], [1, 0, 0]);
    await within('a drain, which does not wait for it', runtime.drain());
    task.endMessages();
    await within('its end', task.done);
    await until('the end of its worker', () => runtime.stats().workers.length === before.workers.length);
    await assertGone([who]);
    const { exits, utilisation } = runtime.stats().pools.default ?? {};
    assert.equal(exits?.finished, 1);
    assert(utilisation !== undefined && utilisation < 1, String(utilisation));
  },
);

testEach(
  'a pool that is busy or full, and the concurrency of the function, hold no spawned one up',
  async (_t, open) => {
    const files = {
      ...spawned,
      'functions/single.js': `
      export const config = { concurrency: 1 };
      export default async (_args, { send, messages }) => {
        await send('here');
        for await (const message of messages);
      };`,
    };
    const { runtime } = await open({ max: 1, queueLimit: 0 }, files);
    const blocking = runtime.invoke('wait', 600_000);
    blocking.catch(() => {});
    const tasks = Array.from({ length: 3 }, () => runtime.spawn('single'));
    for (const task of tasks) assert.equal(await nextOf(task), 'here');
    assert.equal(new Set(tasks.map(({ pid, threadId }) => `${pid}.${threadId}`)).size, 3);
    for (const task of tasks) task.endMessages();
    await within('their end', Promise.all(tasks.map(({ done }) => done)));
    assert.equal(blocking.status, 'running');
    blocking.cancel();
  },
);

testEach('values arrive as they were sent, both ways', async (_t, open) => {
  const { runtime } = await open({}, spawned);
  const task = runtime.spawn('mirror');
  const shared = { of: 'two' };
  const values = [
    ...[1, 'text', null, undefined, Number.NaN, -0, 10n, new Date(5), new Map([['a', new Set([1])]])],
    ...[
      Buffer.from('abc'),
      new Float64Array([1.5, 2]),
      { nested: [{ deep: [undefined] }] },
      [shared, shared],
    ],
    ...[Buffer.alloc(300_000, 7), { texts: 'ü'.repeat(100_000) }, [], ''],
  ];
  const sent = (async () => {
    for (const value of values) await task.send(value);
    task.endMessages();
  })();
  assert.deepStrictEqual(await allOf(task), values);
  await within('the sends', sent);
  await within('its end', task.done);
});

testEach('a value that cannot be sent is told with its path, and nothing else is lost', async (_t, open) => {
  const files = {
    ...spawned,
    'functions/careless.js': `
      export default async (_args, { send }) => {
        const error = await send({ items: [1, { run() {} }] }).catch((error) => error);
        await send('still here');
        return [error.code, error.path, error.message];
      };`,
  };
  const { runtime } = await open({}, files);
  const task = runtime.spawn('mirror');
  const error = await rejectionOf(task.send({ list: [Symbol('no')] }), SerializationError);
  assert.deepEqual(
    [error.path, error.functionName, error.invocationId],
    ['message.list[0]', 'mirror', task.id],
  );
  await within('the next one', task.send('fine'));
  assert.equal(await nextOf(task), 'fine');
  task.endMessages();
  await within('its end', task.done);

  const careless = runtime.spawn<string[]>('careless');
  assert.deepEqual(await allOf(careless), ['still here']);
  const [code, path, message] = await within('its result', careless.done);
  assert.deepEqual([code, path], ['SERIALIZATION', 'message.items[1].run']);
  assert.match(String(message), /"careless"/);
});

testEach(
  'a loop that is left leaves the rest to the next one, and one that waits can be ended',
  async (_t, open) => {
    const { runtime } = await open({}, spawned);
    const task = runtime.spawn<number>('mirror');
    for (let index = 0; index < 6; index++) await task.send(index);
    const seen: unknown[] = [];
    for await (const message of task.messages) if (seen.push(message) === 2) break;
    for await (const message of task.messages) if (seen.push(message) === 4) break;
    const waiting = task.messages[Symbol.asyncIterator]();
    const steps = [await within('a step', waiting.next()), await within('a step', waiting.next())];
    assert.deepEqual([...seen, ...steps.map(({ value }) => value)], [0, 1, 2, 3, 4, 5]);
    const third = waiting.next();
    await within('the end of the loop', waiting.return?.() as Promise<unknown>);
    assert.deepEqual(await within('what waited', third), { done: true, value: undefined });
    // What comes now is for whoever asks next.
    await task.send('later');
    assert.equal(await nextOf(task), 'later');
    task.endMessages();
    await within('its end', task.done);
  },
);

testEach('a function that was invoked is told that messages belong to spawn', async (_t, open) => {
  const files = {
    'functions/sends.js': `export default (_args, { send }) => send(1);`,
    'functions/reads.js': `export default async (_args, { messages }) => { for await (const each of messages); };`,
    'functions/neither.js': `export default (_args, { messages, send }) => typeof messages + typeof send;`,
  };
  const { runtime } = await open({}, files);
  await assert.rejects(runtime.invoke('sends'), {
    code: 'FUNCTION_FAILED',
    message: /`ctx\.send`.*runtime\.spawn.*"sends"/,
  });
  await assert.rejects(runtime.invoke('reads'), {
    code: 'FUNCTION_FAILED',
    message: /`ctx\.messages`.*runtime\.spawn/,
  });
  assert.equal(await runtime.invoke('neither'), 'objectfunction');
});

testEach(
  'it can invoke, report and log as any other; its log and its events name its worker',
  async (_t, open) => {
    const { logger, lines } = keepLines();
    const files = {
      ...spawned,
      'functions/busy.js': `
      export default async (_args, ctx) => {
        console.log('printed');
        ctx.log.info({ own: 1 }, 'logged');
        ctx.progress('half');
        await ctx.send(await ctx.invoke('echo', 'nested'));
        return [ctx.functionName, ctx.invocationId, ctx.attempt, ctx.remainingTime()];
      };
      export const config = { timeout: 60_000 };`,
    };
    const { runtime } = await open({ max: 1 }, files, { logger });
    const events: RuntimeEvent[] = [];
    const told = (async () => {
      for await (const event of runtime.events()) if (event.type !== 'dropped') events.push(event);
    })();
    const task = runtime.spawn<unknown[]>('busy');
    const progress: unknown[] = [];
    const reported = (async () => {
      for await (const value of task.progress) progress.push(value);
    })();
    assert.deepEqual(await allOf(task), ['nested']);
    // The timeout of the function is for its invocations.
    assert.deepEqual(await within('its result', task.done), ['busy', task.id, 1, Number.POSITIVE_INFINITY]);
    await within('its progress', reported);
    assert.deepEqual(progress, ['half']);
    await within('the close', runtime.close());
    await told;
    const exited = events.find((event) => event.type === 'worker:exited' && event.dedicatedTo === 'busy');
    assert(exited?.type === 'worker:exited' && exited.reason === 'finished', JSON.stringify(events));
    const own = events.flatMap((event) =>
      'invocationId' in event && event.invocationId === task.id ? [event.type] : [],
    );
    assert.deepEqual(own, ['invocation:queued', 'invocation:started', 'invocation:ended']);
    for (const text of ['printed', 'logged']) {
      const line = lines.find(({ message }) => message === text);
      assert.deepEqual([line?.fields.worker, line?.fields.invocation], [exited.worker, task.id], text);
    }
  },
);

testEach(
  'setup and teardown run in its worker, and its figures leave those of invocations alone',
  async (_t, open) => {
    const files = {
      ...spawned,
      'functions/careful.js': `
      import fs from 'node:fs';
      const note = (what) => fs.appendFileSync(new URL('../notes', import.meta.url), what + ';');
      export const config = { setup: () => note('setup'), teardown: () => note('teardown') };
      export default () => note('run');`,
    };
    const running = await open({ max: 1 }, files);
    const { runtime } = running;
    const task = runtime.spawn('careful');
    await within('its end', task.done);
    await until('the end of its worker', () => runtime.stats().workers.every((each) => !each.dedicatedTo));
    assert.deepEqual(notesOf(running), ['setup', 'run', 'teardown']);
    const { succeeded, run } = runtime.stats().functions.careful ?? {};
    assert.deepEqual([succeeded, run?.count], [1, 0]);
  },
);

test('a function that changes goes on as it was begun, and the next one is the new one', async (t) => {
  const version = (text: string) => `
    export default async (_args, { send, messages }) => {
      await send('${text}');
      for await (const message of messages) await send('${text} ' + message);
    };`;
  const { runtime, project } = await runProject(
    t,
    { 'functions/live.js': version('old') },
    { hotReload: true, config: { pool: { max: 1 } } },
  );
  const task = runtime.spawn('live');
  assert.equal(await nextOf(task), 'old');
  const before = runtime.functions()[0]?.version;
  project.write('functions/live.js', version('new'));
  await until('the new version', () => runtime.functions()[0]?.version !== before);
  await until('the old worker to be gone', () => runtime.stats().pools.default?.exits.reloaded === 1);
  const next = runtime.spawn('live');
  assert.equal(await nextOf(next), 'new');
  await task.send('still');
  assert.equal(await nextOf(task), 'old still');
  for (const each of [task, next]) each.endMessages();
  await within('their end', Promise.all([task.done, next.done]));
});

test('what is wrong with the call rejects done, and starts nothing', async (t) => {
  const files = {
    ...spawned,
    'functions/broken.js': `throw new RangeError('no codec');`,
    'functions/strict.js': `
      const validate = () => ({ issues: [{ message: 'expected a number', path: ['size'] }] });
      export const config = { input: { '~standard': { version: 1, vendor: 'own', validate } } };
      export default () => 1;`,
  };
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const before = runtime.stats().pools.default?.starts;
  const code = async (...[name, args, options]: Parameters<typeof runtime.spawn>) => {
    const task = runtime.spawn(name, args, options);
    const outcome = await within(`the end of ${name}`, Promise.allSettled([task.done, task.send('more')]));
    assert.deepEqual(await allOf(task), []);
    await within('its worker, which there is none of', task[Symbol.asyncDispose]());
    assert.equal(task.pid, undefined);
    return outcome.map((each) => each.status === 'rejected' && (each.reason.code ?? each.reason.name));
  };
  assert.deepEqual(await code('countre'), ['FUNCTION_NOT_FOUND', 'MESSAGES_ENDED']);
  assert.deepEqual(await code('broken'), ['FUNCTION_LOAD', 'MESSAGES_ENDED']);
  assert.deepEqual(await code('counter', () => {}), ['SERIALIZATION', 'MESSAGES_ENDED']);
  assert.deepEqual(await code('counter', {}, { timeout: -1 }), ['TypeError', 'MESSAGES_ENDED']);
  assert.deepEqual(await code('counter', {}, { retry: { attempts: 2 } } as object), [
    'TypeError',
    'MESSAGES_ENDED',
  ]);
  assert.deepEqual(await code('counter', {}, { signal: AbortSignal.abort() }), [
    'CANCELLED',
    'MESSAGES_ENDED',
  ]);
  assert.equal(runtime.stats().pools.default?.starts, before);
  const task = runtime.spawn('strict', { size: 'large' });
  const { issues } = await rejectionOf(task.done, InvalidInputError);
  assert.deepEqual(
    issues.map(({ path }) => path),
    [['size']],
  );
});

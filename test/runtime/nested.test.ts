import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionError, type PoolError } from 'warm-pool';
import { allServe, nestedFunctions as files, pidsOf } from '../support/nested.ts';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';

interface Caught {
  readonly error: PoolError & Record<string, unknown>;
  readonly classes: readonly string[];
  readonly pid: number;
}

test('a waiting function takes no place among max: what it has called runs, and what is new waits', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const order: string[] = [];
  const note = (name: string, promise: Promise<unknown>) => promise.then(() => order.push(name));
  const caller = runtime.invoke('caller', { name: 'wait', args: 50 });
  await until('it to run', () => caller.status === 'running');
  const plain = Array.from({ length: 5 }, (_, index) => note(`plain ${index}`, runtime.invoke('wait', 1)));
  await within('all of them', Promise.all([note('caller', caller), ...plain]));
  assert.equal(order[0], 'caller');
});

test('a crash of what it has called is an error in the function, whose worker lives', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const { error, classes, pid } = await runtime.invoke<Caught>('caller', { name: 'die' });
  assert.equal(error.code, 'WORKER_CRASHED');
  assert.equal(error.exitCode, 7);
  assert.deepEqual([...classes].sort(), ['PoolError', 'WorkerCrashedError']);
  assert.equal(await isAlive(pid), true);
  await allServe(runtime);
});

test('an error crosses into the catch of the caller with its cause, as an instance of its class', async (t) => {
  const { runtime } = await runProject(t, files);
  const { error, classes } = await runtime.invoke<Caught>('caller', { name: 'throw', args: 'a.jpg' });
  assert.match(error.message, /Function "throw" failed: PhotoError: no photo/);
  assert.deepEqual([...classes].sort(), ['FunctionError', 'PoolError']);
  assert.deepEqual(
    [error.name, error.code, error.functionName],
    ['FunctionError', 'FUNCTION_FAILED', 'throw'],
  );
  const cause = error.cause as Error;
  assert.deepEqual([cause.name, cause.message], ['PhotoError', 'no photo']);
  assert.match(cause.stack ?? '', /throw\.js/);
  assert.equal((cause.cause as { file: string }).file, 'a.jpg');
});

test('what a function is called with and answers arrives as it was', async (t) => {
  const { runtime } = await runProject(t, files);
  const args = { when: new Date(5), map: new Map([[1, 2n]]), bytes: Buffer.from('abc'), nothing: undefined };
  assert.deepEqual(await runtime.invoke('caller', { name: 'echo', args }), { value: args });
  assert.deepEqual(await runtime.invoke('caller', { name: 'echo' }), { value: undefined });
  const large = 'x'.repeat(3_000_000);
  assert.deepEqual(await runtime.invoke('caller', { name: 'echo', args: large }), { value: large });
});

const mistakes: [Record<string, unknown>, string, RegExp][] = [
  [{ name: 'ecko' }, 'FUNCTION_NOT_FOUND', /ecko.*echo/],
  [{ name: 'echo', options: { timeout: 'soon' } }, '', /the `timeout` option to be a number of ms/],
  [{ name: 'echo', options: { priority: 'urgent' } }, '', /the `priority` option to be one of/],
  [{ name: 'echo', options: { retry: { attempts: 0 } } }, '', /the `retry.attempts` option to be/],
  [{ name: 'echo', options: { retry: 3 } }, '', /the `retry` option to be an object .*, got 3/],
  [
    { name: 'echo', options: { timeout: 0 } },
    '',
    /the `timeout` option to be a number of ms above 0.*, got 0/,
  ],
  [{ name: 'echo', options: { timeout: Number.NaN } }, '', /the `timeout` option to be .*, got .*NaN/],
  [{ name: 'echo', options: { signal: {} } }, '', /the `signal` option to be an AbortSignal, got {}/],
  [
    { name: 'echo', options: { tiemout: 5 } },
    '',
    /`ctx.invoke` has no option `tiemout`, did you mean "timeout"/,
  ],
  [{ name: 'echo', options: { transfer: [] } }, '', /`ctx.invoke` has no option `transfer`/],
  [{ name: 'echo', options: null }, '', /the options of `ctx.invoke` to be an object, got null/],
];

test('mistakes are told as those of runtime.invoke', async (t) => {
  const { runtime } = await runProject(t, {
    ...files,
    'functions/unsendable.js': `
      export default (args, ctx) => ctx.invoke('echo', { deep: [() => {}] }).catch((error) => error);`,
    'functions/predicate.js': `
      const options = { retry: { attempts: 2, on: () => true } };
      export default (args, ctx) => ctx.invoke('echo', 1, options).catch((error) => error.message);`,
  });
  for (const [call, code, message] of mistakes) {
    const { error } = await runtime.invoke<Caught>('caller', call);
    assert.match(error.message, message);
    if (code) assert.equal(error.code, code);
  }
  const error = await runtime.invoke<PoolError & { path: string }>('unsendable');
  assert.deepEqual([error.code, error.path], ['SERIALIZATION', 'args.deep[0]']);
  assert.match(await runtime.invoke<string>('predicate'), /options\.retry\.on/);
});

test('cwd, deadline and options are inherited, and a child never has longer than its parent has left', async (t) => {
  const { runtime } = await runProject(t, files);
  const call = (options?: object) => ({ name: 'context', args: 1, options });
  type Seen = { value: { cwd: string; attempt: number; left: number } };
  const outer = { cwd: '/somewhere', timeout: 20_000 };
  for (const options of [undefined, { timeout: Number.POSITIVE_INFINITY }, { timeout: '10 min' }]) {
    const { value } = await runtime.invoke<Seen>('caller', call(options), outer);
    assert.deepEqual([value.cwd, value.attempt], ['/somewhere', 1]);
    assert(value.left > 0 && value.left <= 20_000, `${value.left} ms`);
  }
  const shorter = await runtime.invoke<Seen>('caller', call({ timeout: '5s', cwd: '/elsewhere' }), outer);
  assert.equal(shorter.value.cwd, '/elsewhere');
  assert(shorter.value.left <= 5_000);
});

test('a child times out by itself, and its parent goes on', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace: 50 } } });
  const call = { name: 'wait', args: 600_000, options: { timeout: 100 } };
  const { error } = await runtime.invoke<Caught>('caller', call);
  assert.deepEqual([error.code, error.timeoutMs], ['TIMEOUT', 100]);
  await allServe(runtime);
});

test('a parent that is killed takes all that it has called along', async (t) => {
  const { project, runtime } = await runProject(t, files, { config: { pool: { max: 1, killGrace: 50 } } });
  const chain = runtime.invoke('chain', { depth: 3 });
  chain.catch(() => {});
  await until('all of them to run', () => pidsOf(project).length === 4);
  process.kill(pidsOf(project)[0] as number, 'SIGKILL');
  await assert.rejects(chain, { code: 'WORKER_CRASHED' });
  await within('the drain', runtime.drain());
  assert.deepEqual(infoOf(runtime, 'chain').stats.cancelled, 3);
  await allServe(runtime);
});

test('what is not waited for is cancelled when its caller ends, and harms nobody', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      ...files,
      'functions/forget.js': `
        export default (args, ctx) => {
          ctx.invoke('wait', 600_000);
          globalThis.late = () => ctx.invoke('echo', 1);
          return process.pid;
        };`,
      'functions/late.js': 'export default () => globalThis.late?.().catch((error) => error.message);',
    },
    { config: { pool: { max: 1, killGrace: 50 } } },
  );
  const pid = await within('its end', runtime.invoke<number>('forget'));
  await within('the drain', runtime.drain());
  assert.deepEqual(infoOf(runtime, 'wait').stats.cancelled, 1);
  assert.equal(await isAlive(pid), true);
  const messages = await Promise.all(runtime.stats().workers.map(() => runtime.invoke('late')));
  assert(
    messages.every(
      (message) => message === undefined || /invocation of "forget" has ended/.test(String(message)),
    ),
  );
});

test('a function gives a call up by a signal of its own', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      ...files,
      'functions/impatient.js': `
        export default async (early, ctx) => {
          const controller = new AbortController();
          if (early) controller.abort('at once');
          const call = ctx.invoke('wait', 600_000, { signal: controller.signal });
          controller.abort('too slow');
          return call.catch(({ code, cause }) => ({ code, cause }));
        };`,
    },
    { config: { pool: { max: 1, killGrace: 50 } } },
  );
  assert.deepEqual(await runtime.invoke('impatient'), { code: 'CANCELLED', cause: 'too slow' });
  assert.deepEqual(await runtime.invoke('impatient', true), { code: 'CANCELLED', cause: 'at once' });
  await allServe(runtime);
});

test('a function that was told to end can begin nothing new', async (t) => {
  const { project, runtime } = await runProject(
    t,
    {
      ...files,
      'functions/stubborn.js': `
        import fs from 'node:fs';
        import { once } from 'node:events';
        export default async (args, ctx) => {
          const aborted = once(ctx.signal, 'abort');
          fs.writeFileSync(new URL('../listens', import.meta.url), '');
          await aborted;
          const told = await ctx.invoke('echo', 1).catch(({ code }) => code);
          fs.writeFileSync(new URL('../told-' + told, import.meta.url), '');
        };`,
    },
    { config: { pool: { max: 1, killGrace: '60s' } } },
  );
  const stubborn = runtime.invoke('stubborn');
  await until('it to listen', () => project.has('listens'));
  stubborn.cancel();
  await assert.rejects(stubborn, { code: 'CANCELLED' });
  await within('the drain', runtime.drain());
  assert.equal(project.has('told-CANCELLED'), true);
  assert.equal(infoOf(runtime, 'echo').stats.invocations, 0);
});

test('functions that call each other without end are told by name', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      'functions/ping.js': "export default (args, ctx) => ctx.invoke('pong');",
      'functions/pong.js': "export default (args, ctx) => ctx.invoke('ping');",
      'functions/echo.js': files['functions/echo.js'],
    },
    { config: { pool: { max: 1 } } },
  );
  let error: unknown = await rejectionOf(runtime.invoke('ping'), FunctionError);
  while (error instanceof Error && error.cause) error = error.cause;
  const { code, message } = error as PoolError;
  assert.equal(code, 'NESTED_TOO_DEEP');
  assert.match(message, /8 deep.*: ping → pong → ping → pong → ping → pong → ping → pong → ping → pong\.$/);
  await allServe(runtime);
});

test('a function with a concurrency of 1 can call itself, and the limit holds for those that run', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      ...files,
      'functions/single.js': `
                import fs from 'node:fs';
        const running = new URL('../running', import.meta.url);
        export default async (depth, ctx) => {
          const inner = depth > 0 ? await ctx.invoke('single', depth - 1) : 0;
          fs.mkdirSync(running);
          await new Promise((resolve) => setTimeout(resolve, 10));
          fs.rmdirSync(running);
          return inner + 1;
        };
        export const config = { concurrency: 1 };`,
    },
    { config: { pool: { max: 2 } } },
  );
  assert.equal(await within('its end', runtime.invoke('single', 4)), 5);
  const plain = Array.from({ length: 5 }, () => runtime.invoke('single', 0));
  assert.deepEqual(await within('those that take turns', Promise.all(plain)), [1, 1, 1, 1, 1]);
  await allServe(runtime);
});

test('workers that are recycled after each invocation do not get in the way of what waits', async (t) => {
  const config = { pool: { max: 1, maxInvocations: 1 } };
  const { runtime } = await runProject(t, files, { config });
  assert.equal(await within('its end', runtime.invoke('tree', { depth: 3, width: 2 })), 8);
  await within('the drain', runtime.drain());
  assert.equal(await within('what comes after it', runtime.invoke('echo', 'after it')), 'after it');
});

test('functions of different pools call each other', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      ...files,
      'functions/here.js': `
        export default (depth, ctx) => (depth === 0 ? ['here'] : ctx.invoke('there', depth - 1));`,
      'functions/there.js': `
        export default (depth, ctx) => (depth === 0 ? ['there'] : ctx.invoke('here', depth - 1));
        export const config = { pool: 'other' };`,
    },
    { config: { pool: { max: 1 }, pools: { other: { max: 1 } } } },
  );
  const calls = [3, 4, 5, 6].map((depth) => runtime.invoke(depth % 2 ? 'here' : 'there', depth));
  const ends = await within('all of them', Promise.all(calls));
  assert.deepEqual(ends.flat(), ['there', 'there', 'there', 'there']);
  await allServe(runtime);
});

test('a child is tried again by its own retry', async (t) => {
  const { runtime } = await runProject(
    t,
    {
      ...files,
      'functions/flaky.js': `export default (args, { attempt }) => {
        if (attempt < 3) process.exit(1);
        return attempt;
      };`,
    },
    { config: { pool: { max: 1 } } },
  );
  const call = { name: 'flaky', options: { retry: { attempts: 3, backoff: 1 } } };
  assert.deepEqual(await within('its end', runtime.invoke('caller', call)), { value: 3 });
  await allServe(runtime);
});

test('while the runtime closes, what runs can still call others', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const tree = runtime.invoke('tree', { depth: 3, width: 2 });
  await until('it to run', () => tree.status === 'running');
  const closed = runtime.close();
  assert.equal(await within('its end', tree), 8);
  await within('the close', closed);
});

test('a close with a deadline ends a chain of waiting functions', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const chain = runtime.invoke('chain', { depth: 3, how: 'spin' });
  await until('all of them to run', () => runtime.stats().running === 4);
  const closed = runtime.close({ timeout: 50 });
  await assert.rejects(chain, { code: 'RUNTIME_CLOSED' });
  await within('the close', closed);
});

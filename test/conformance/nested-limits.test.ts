import assert from 'node:assert/strict';
import { FunctionError, type PoolError } from 'warm-pool';
import { allServe, type Caught, nestedFunctions as files } from '../support/nested.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

testEach(
  'a waiting function takes no place among max: what it has called runs, and what is new waits',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 }, files);
    const order: string[] = [];
    const note = (name: string, promise: Promise<unknown>) => promise.then(() => order.push(name));
    const caller = runtime.invoke('caller', { name: 'wait', args: 50 });
    await until('it to run', () => caller.status === 'running');
    const plain = Array.from({ length: 5 }, (_, index) => note(`plain ${index}`, runtime.invoke('wait', 1)));
    await within('all of them', Promise.all([note('caller', caller), ...plain]));
    assert.equal(order[0], 'caller');
  },
);

testEach(
  'cwd, deadline and options are inherited, and a child never has longer than its parent has left',
  async (_t, open) => {
    const { runtime } = await open({}, files);
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
  },
);

testEach('a child times out by itself, and its parent goes on', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace: 50 }, files);
  const call = { name: 'wait', args: 600_000, options: { timeout: 100 } };
  const { error } = await runtime.invoke<Caught>('caller', call);
  assert.deepEqual([error.code, error.timeoutMs], ['TIMEOUT', 100]);
  await allServe(runtime);
});

testEach('functions that call each other without end are told by name', async (_t, open) => {
  const { runtime } = await open(
    { max: 1 },
    {
      'functions/ping.js': "export default (args, ctx) => ctx.invoke('pong');",
      'functions/pong.js': "export default (args, ctx) => ctx.invoke('ping');",
      'functions/echo.js': files['functions/echo.js'],
    },
  );
  let error: unknown = await rejectionOf(runtime.invoke('ping'), FunctionError);
  while (error instanceof Error && error.cause) error = error.cause;
  const { code, message } = error as PoolError;
  assert.equal(code, 'NESTED_TOO_DEEP');
  assert.match(message, /8 deep.*: ping → pong → ping → pong → ping → pong → ping → pong → ping → pong\.$/);
  await allServe(runtime);
});

testEach(
  'a function with a concurrency of 1 can call itself, and the limit holds for those that run',
  async (_t, open) => {
    const { runtime } = await open(
      { max: 2 },
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
    );
    assert.equal(await within('its end', runtime.invoke('single', 4)), 5);
    const plain = Array.from({ length: 5 }, () => runtime.invoke('single', 0));
    assert.deepEqual(await within('those that take turns', Promise.all(plain)), [1, 1, 1, 1, 1]);
    await allServe(runtime);
  },
);

testEach(
  'workers that are recycled after each invocation do not get in the way of what waits',
  async (_t, open) => {
    const { runtime } = await open({ max: 1, maxInvocations: 1 }, files);
    assert.equal(await within('its end', runtime.invoke('tree', { depth: 3, width: 2 })), 8);
    await within('the drain', runtime.drain());
    assert.equal(await within('what comes after it', runtime.invoke('echo', 'after it')), 'after it');
  },
);

testEach('functions of different pools call each other', async (_t, open, isolation) => {
  const { runtime } = await open(
    {},
    {
      ...files,
      'functions/here.js': `
        export default (depth, ctx) => (depth === 0 ? ['here'] : ctx.invoke('there', depth - 1));`,
      'functions/there.js': `
        export default (depth, ctx) => (depth === 0 ? ['there'] : ctx.invoke('here', depth - 1));
        export const config = { pool: 'other' };`,
    },
    { config: { pool: { isolation, max: 1 }, pools: { other: { isolation, max: 1 } } } },
  );
  const calls = [3, 4, 5, 6].map((depth) => runtime.invoke(depth % 2 ? 'here' : 'there', depth));
  const ends = await within('all of them', Promise.all(calls));
  assert.deepEqual(ends.flat(), ['there', 'there', 'there', 'there']);
  await allServe(runtime);
});

testEach('a child is tried again by its own retry', async (_t, open) => {
  const { runtime } = await open(
    { max: 1 },
    {
      ...files,
      'functions/flaky.js': `export default (args, { attempt }) => {
        if (attempt < 3) process.exit(1);
        return attempt;
      };`,
    },
  );
  const call = { name: 'flaky', options: { retry: { attempts: 3, backoff: 1 } } };
  assert.deepEqual(await within('its end', runtime.invoke('caller', call)), { value: 3 });
  await allServe(runtime);
});

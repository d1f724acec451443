import assert from 'node:assert/strict';
import type { PoolError } from 'warm-pool';
import { allServe, type Caught, nestedFunctions as files } from '../support/nested.ts';
import { testEach } from './support.ts';

testEach(
  'a crash of what it has called is an error in the function, whose worker lives',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 }, files);
    const caller = runtime.invoke<Caught>('caller', { name: 'die' });
    const { error, classes } = await caller;
    assert.equal(error.code, 'WORKER_CRASHED');
    assert.equal(error.exitCode, 7);
    assert.deepEqual([...classes].sort(), ['PoolError', 'WorkerCrashedError']);
    assert(runtime.stats().workers.some(({ id }) => id === caller.report?.worker));
    await allServe(runtime);
  },
);

testEach(
  'an error crosses into the catch of the caller with its cause, as an instance of its class',
  async (_t, open) => {
    const { runtime } = await open({}, files);
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
  },
);

testEach('what a function is called with and answers arrives as it was', async (_t, open) => {
  const { runtime } = await open({}, files);
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

testEach('mistakes are told as those of runtime.invoke', async (_t, open) => {
  const { runtime } = await open(
    {},
    {
      ...files,
      'functions/unsendable.js': `
      export default (args, ctx) => ctx.invoke('echo', { deep: [() => {}] }).catch((error) => error);`,
      'functions/predicate.js': `
      const options = { retry: { attempts: 2, on: () => true } };
      export default (args, ctx) => ctx.invoke('echo', 1, options).catch((error) => error.message);`,
    },
  );
  for (const [call, code, message] of mistakes) {
    const { error } = await runtime.invoke<Caught>('caller', call);
    assert.match(error.message, message);
    if (code) assert.equal(error.code, code);
  }
  const error = await runtime.invoke<PoolError & { path: string }>('unsendable');
  assert.deepEqual([error.code, error.path], ['SERIALIZATION', 'args.deep[0]']);
  assert.match(await runtime.invoke<string>('predicate'), /options\.retry\.on/);
});

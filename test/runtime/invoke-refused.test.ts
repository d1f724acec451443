import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InvokeOptions, PoolError, type Runtime } from 'warm-pool';
import { runProject } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';

const files = {
  'functions/resize.js': 'export default (args) => args;',
  'functions/broken.js': `throw new TypeError('no such codec');`,
  'functions/nothing.js': 'export const width = 5;',
};

const options = (value: unknown) => (runtime: Runtime) => runtime.invoke('resize', 1, value as InvokeOptions);

const named = (name: unknown) => (runtime: Runtime) => runtime.invoke(name as string, 1);

const withArgs = (args: unknown) => (runtime: Runtime) => runtime.invoke('resize', args);

const revoked = Proxy.revocable({}, {});
revoked.revoke();

const thrower = {
  get size(): number {
    throw new Error('no size yet');
  },
};

const refused: [what: string, invoke: (runtime: Runtime) => Promise<unknown>, expected: object][] = [
  ['a timeout below zero', options({ timeout: -1 }), { message: /`timeout` option.*got -1 \(number\)/ }],
  ['a timeout that is NaN', options({ timeout: Number.NaN }), { message: /`timeout` option.*got NaN/ }],
  [
    'a timeout in words',
    options({ timeout: 'soon' }),
    { message: /`timeout` option.*got 'soon' \(string\)/ },
  ],
  ['an empty timeout', options({ timeout: '' }), { message: /`timeout` option.*got '' \(string\)/ }],
  ['a timeout that is an object', options({ timeout: {} }), { message: /`timeout` option.*got \{\}/ }],
  [
    'a priority that is none',
    options({ priority: 'urgent' }),
    { message: /`priority` option.*high, normal, low, got 'urgent'/ },
  ],
  ['a cwd that is no path', options({ cwd: 5 }), { message: /`cwd` option.*got 5/ }],
  ['a signal that is none', options({ signal: {} }), { message: /`signal` option.*AbortSignal.*got \{\}/ }],
  ['a timeout of zero', options({ timeout: 0 }), { message: /`timeout` option.*above 0.*got 0 \(number\)/ }],
  ['options that are null', options(null), { message: /options of `invoke` to be an object, got null/ }],
  ['options that are a number', options(5), { message: /options of `invoke` to be an object, got 5/ }],
  [
    'an option with a typo',
    options({ tiemout: 5 }),
    { message: '`invoke` has no option `tiemout`, did you mean "timeout"?' },
  ],
  [
    'an option like no other',
    options({ concurrency: 5 }),
    {
      message: '`invoke` has no option `concurrency`: it has signal, timeout, priority, cwd, retry, transfer',
    },
  ],
  ['a name that is undefined', named(undefined), { message: /name of a function, got nothing/ }],
  ['a name without a text form', named(Object.create(null)), { message: /name of a function, got / }],
  ['a name that is a symbol', named(Symbol('resize')), { message: /function.*Symbol\(resize\)/i }],
  ['an empty name', named(''), { code: 'FUNCTION_NOT_FOUND', functionName: '' }],
  [
    'a name with a typo',
    named('resise'),
    {
      name: 'FunctionNotFoundError',
      code: 'FUNCTION_NOT_FOUND',
      functionName: 'resise',
      closest: 'resize',
      message: 'There is no function "resise", did you mean "resize"?',
    },
  ],
  [
    'a name like no other',
    named('publish'),
    { code: 'FUNCTION_NOT_FOUND', closest: undefined, message: /there are: broken, nothing, resize\.$/ },
  ],
  [
    'a function whose module throws',
    named('broken'),
    { name: 'FunctionLoadError', code: 'FUNCTION_LOAD', message: /"broken".*TypeError: no such codec/ },
  ],
  ['a module without a function', named('nothing'), { code: 'FUNCTION_LOAD', message: /it exports width/ }],
  [
    'arguments with a function in them',
    withArgs({ photos: [{ src: 'a.jpg' }, { src: 'b.jpg', done() {} }] }),
    { name: 'SerializationError', code: 'SERIALIZATION', path: 'args.photos[1].done' },
  ],
  ['arguments that are a symbol', withArgs(Symbol('x')), { code: 'SERIALIZATION', path: 'args' }],
  ['arguments with a getter that throws', withArgs({ photo: thrower }), { code: 'SERIALIZATION' }],
  ['arguments with a revoked proxy', withArgs([revoked.proxy]), { code: 'SERIALIZATION' }],
];

test('what is wrong with a call rejects the invocation, and never throws', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const before = runtime.stats().workers[0]?.pid;
  for (const [what, invoke, expected] of refused) {
    await t.test(what, async () => {
      let invocation: Promise<unknown> | undefined;
      assert.doesNotThrow(() => {
        invocation = invoke(runtime);
      });
      await within('the rejection', assert.rejects(invocation as Promise<unknown>, expected));
    });
  }
  await within('the drain', runtime.drain());
  assert.equal(await runtime.invoke('resize', 5), 5);
  assert.equal(runtime.stats().workers[0]?.pid, before);
});

test('an invocation that was refused knows itself, and has no figures', async (t) => {
  const { runtime } = await runProject(t, files);
  const invocation = runtime.invoke('resise', 1);
  const error = await invocation.catch((reason: unknown) => reason);
  assert(error instanceof PoolError);
  assert.equal(error.invocationId, invocation.id);
  assert.equal(invocation.status, 'failed');
  assert.equal(invocation.report, undefined);
  invocation.cancel('too late');
  assert.equal(invocation.status, 'failed');
  const values = [];
  for await (const value of invocation.progress) values.push(value);
  assert.deepEqual(values, []);
  assert.equal(runtime.stats().functions.resise, undefined);
});

test('durations are taken as they are written', async (t) => {
  const { runtime } = await runProject(t, files);
  for (const timeout of [1_000, '10 s', '1 min', Number.POSITIVE_INFINITY, '30 days', undefined]) {
    assert.equal(await runtime.invoke('resize', timeout, { timeout }), timeout);
  }
});

import assert from 'node:assert/strict';
import { FunctionError, SerializationError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { testEach, whoIs } from './support.ts';

// What JSON and pools before this one mangle. Every kind of value has its row in test/runtime/values*.test.ts.

const shared = { size: 32 };

const values: [what: string, value: unknown][] = [
  ['a BigInt', { bytes: 2n ** 70n }],
  ['a Map and a Set', new Map<unknown, unknown>([[shared, new Set([1, 'a'])]])],
  ['NaN', { width: Number.NaN }],
  ['an infinity', [Infinity]],
  ['-0', -0],
  ['undefined, alone', undefined],
  ['undefined, inside', { photo: undefined, list: [undefined, null] }],
  ['a date', new Date(86_400_000)],
  ['a Buffer', Buffer.from('photo')],
  ['floats', new Float64Array([1.5, Number.NaN])],
];

for (const [what, value] of values) {
  testEach(`${what} arrives as it was, as an argument and as a result`, async (_t, open) => {
    const { runtime } = await open({ max: 1 });
    const who = await whoIs(runtime);
    assert.deepEqual(await within('the echo', runtime.invoke('echo', value)), value);
    assert.equal(await whoIs(runtime), who);
  });
}

for (const thrown of ['null', 'undefined', '0', '""', '{ code: 5 }']) {
  testEach(`throw ${thrown} rejects, with just that as the cause`, async (_t, open) => {
    const { runtime } = await open(
      { max: 1 },
      {
        'functions/throw.js': `export default () => { throw ${thrown}; };`,
        'functions/reject.js': `export default () => Promise.reject(${thrown});`,
      },
    );
    const who = await whoIs(runtime);
    for (const name of ['throw', 'reject']) {
      const { cause } = await rejectionOf(runtime.invoke(name), FunctionError);
      assert.deepEqual(cause, new Function(`return ${thrown}`)());
    }
    assert.equal(await whoIs(runtime), who);
  });
}

testEach(
  'an error arrives with its class, its own properties and the chain of its causes',
  async (_t, open) => {
    const { project, runtime } = await open(
      { max: 1 },
      {
        'functions/resize.js': `
        class CodecError extends Error {
          constructor(message, options) {
            super(message, options);
            this.codec = 'jpeg';
            this.at = new Map([['byte', 12n]]);
          }
        }
        export default function resize() {
          const cause = new RangeError('too wide', { cause: { width: 70_000 } });
          throw new CodecError('no such photo', { cause });
        }`,
      },
    );
    const { cause: error } = await rejectionOf(runtime.invoke('resize'), FunctionError);
    assert(error instanceof Error);
    assert.equal(error.name, 'CodecError');
    assert.equal(error.message, 'no such photo');
    assert.deepEqual({ ...error }, { codec: 'jpeg', at: new Map([['byte', 12n]]) });
    assert(error.stack?.includes(project.path('functions/resize.js')), error.stack);
    const { cause } = error;
    assert(cause instanceof Error);
    assert.deepEqual([cause.name, cause.message, cause.cause], ['RangeError', 'too wide', { width: 70_000 }]);
  },
);

testEach('what cannot be sent rejects with the path to it, and the worker stays', async (_t, open) => {
  const { runtime } = await open(
    { max: 1 },
    { 'functions/give.js': 'export default () => ({ sizes: [32, () => 64] });' },
  );
  const who = await whoIs(runtime);
  const refused = await rejectionOf(runtime.invoke('echo', { sizes: [32, () => 64] }), SerializationError);
  assert.equal(refused.path, 'args.sizes[1]');
  const lost = await rejectionOf(runtime.invoke('give'), SerializationError);
  assert.equal(lost.path, 'result.sizes[1]');
  assert.equal(await whoIs(runtime), who);
});

testEach('a module that throws at load fails its own invocations, with what it threw', async (_t, open) => {
  const { runtime } = await open(
    { max: 1 },
    {
      'functions/throws.js': `throw new RangeError('no such codec');\nexport default () => 1;`,
      'functions/exits.js': `process.exit(0);\nexport default () => 1;`,
    },
  );
  await assert.rejects(runtime.invoke('throws'), {
    code: 'FUNCTION_LOAD',
    message: /RangeError: no such codec/,
  });
  await assert.rejects(runtime.invoke('exits'), { code: 'FUNCTION_LOAD', message: /exited with code 0/ });
  await whoIs(runtime);
});

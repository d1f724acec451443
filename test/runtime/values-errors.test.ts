import assert from 'node:assert/strict';
import { CancelledError, FunctionError, type Runtime } from 'warm-pool';
import { testEach } from '../conformance/support.ts';
import { rejectionOf } from '../support/open-runtime.ts';

/** Each case throws on the line of its name: `thrownAt` looks it up. */
const throwing = `
import { createSecretKey } from 'node:crypto';
import fs from 'node:fs';
import { BlockList } from 'node:net';
import { setTimeout } from 'node:timers/promises';
interface Details { readonly sizes: Map<string, number> }
class PhotoError extends Error {
  readonly code: string = 'E_PHOTO';
  readonly details: Details = { sizes: new Map([['small', 32]]) };
  override readonly name = 'PhotoError';
}
class Unnamed extends Error {}
const cases: Record<string, () => unknown> = {
  'RangeError': () => { throw new RangeError('too big'); },
  'TypeError': () => { throw new TypeError('no text'); },
  'SyntaxError': () => { throw new SyntaxError('no sense'); },
  'ReferenceError': () => { throw new ReferenceError('no such name'); },
  'EvalError': () => { throw new EvalError('no eval'); },
  'URIError': () => { throw new URIError('no address'); },
  'Error': () => { throw new Error('something else'); },
  'without a message': () => { throw new Error(); },
  'of a class of its own': () => { throw new PhotoError('no such photo'); },
  'of a class without a name': () => { throw new Unnamed('no such photo'); },
  'of the system': () => { fs.readFileSync('/no/such/photo.jpg'); },
  'of an abort': () => { AbortSignal.abort().throwIfAborted(); },
  'of an aborted timer': async () => { await setTimeout(1, null, { signal: AbortSignal.abort('stop') }); },
  'with a chain of causes': () => {
    const first = new SyntaxError('not a JPEG', { cause: { offset: 3n, bytes: Buffer.from('PNG') } });
    throw new PhotoError('no thumbnail', { cause: new Error('no pixels', { cause: first }) });
  },
  'with a cause of undefined': () => { throw new Error('nothing', { cause: undefined }); },
  'of many': () => {
    const inner = new AggregateError([new PhotoError('c')], 'one more');
    throw new AggregateError([new RangeError('a'), 'b', inner], 'all sizes failed');
  },
  'with what cannot be sent': () => {
    const own = { done() {}, unit: Symbol('px'), socket: { on() {} }, status: 404, photo: undefined };
    throw Object.assign(new PhotoError('no such photo'), own);
  },
  'with what a thread could have': () => {
    const own = { key: createSecretKey(Buffer.from('secret')), photo: { blob: new Blob(['JPEG']) } };
    throw Object.assign(new PhotoError('no such photo', { cause: { list: new BlockList() } }), own);
  },
  'with a cause that cannot be sent': () => {
    throw new PhotoError('no such photo', { cause: { on() {}, status: 404 } });
  },
  'with a cause that is a function': () => { throw new PhotoError('no such photo', { cause: () => {} }); },
  'of many, some of which cannot be sent': () => {
    throw new AggregateError([() => {}, new RangeError('a')], 'all sizes failed');
  },
  'with an error that has such a cause': () => {
    const inner = new RangeError('inside', { cause: () => {} });
    throw Object.assign(new PhotoError('no such photo'), { inner });
  },
  'that is its own cause': () => {
    const error = new PhotoError('no such photo');
    error.cause = new Error('a circle', { cause: error });
    throw error;
  },
  'that is frozen': () => { throw Object.freeze(new PhotoError('no such photo')); },
  'whose name was changed': () => { throw Object.assign(new Error('no such photo'), { name: 'Photo' }); },
  'without a stack': () => { throw Object.assign(new Error('no such photo'), { stack: undefined }); },
};
export default (name: string): unknown => cases[name]?.();
`;

const lines = throwing.split('\n');
const thrownAt = (name: string) => lines.findIndex((line) => line.trim().startsWith(`'${name}':`)) + 1;

const files = {
  'functions/throw.ts': throwing,
  'functions/throw-value.js': `
    const values = [null, undefined, '', 'no such photo', 0, NaN, -0, 5n, false, [1], { status: 404 }, new Map([[1, 2]])];
    export default (index) => { throw values[index]; };`,
  'functions/reject-value.js': 'export default (value) => Promise.reject(value);',
  'functions/pid.js': 'export default () => process.pid;',
};

type Thrown = Error & Record<string, unknown>;

async function thrownBy(runtime: Runtime, name: string): Promise<{ cause: Thrown; message: string }> {
  const { cause, message } = await rejectionOf(runtime.invoke('throw', name), FunctionError);
  assert(cause instanceof Error, `expected an Error, got ${String(cause)}`);
  return { cause: cause as Thrown, message };
}

const photoError = { name: 'PhotoError', message: 'no such photo', code: 'E_PHOTO' };
const sizes = { sizes: new Map([['small', 32]]) };

const thrown: [what: string, expected: Readonly<Record<string, unknown>>, errorClass?: ErrorConstructor][] = [
  ['RangeError', { name: 'RangeError', message: 'too big' }, RangeError],
  ['TypeError', { name: 'TypeError', message: 'no text' }, TypeError],
  ['SyntaxError', { name: 'SyntaxError', message: 'no sense' }, SyntaxError],
  ['ReferenceError', { name: 'ReferenceError', message: 'no such name' }, ReferenceError],
  ['EvalError', { name: 'EvalError', message: 'no eval' }, EvalError],
  ['URIError', { name: 'URIError', message: 'no address' }, URIError],
  ['Error', { name: 'Error', message: 'something else' }],
  ['without a message', { name: 'Error', message: '' }],
  ['of a class of its own', { ...photoError, details: sizes }],
  ['of a class without a name', { name: 'Unnamed', message: 'no such photo' }],
  ['that is frozen', { ...photoError, details: sizes }],
  ['that is its own cause', { ...photoError, details: sizes }],
  ['whose name was changed', { name: 'Photo', message: 'no such photo' }],
  ['with what cannot be sent', { ...photoError, details: sizes, status: 404, photo: undefined }],
  ['with what a thread could have', { ...photoError, details: sizes }],
  ['with a cause that cannot be sent', { ...photoError, details: sizes }],
  ['with a cause that is a function', { ...photoError, details: sizes }],
];

testEach(
  'an error that a function throws arrives with its class, message, stack and own properties',
  async (t, open) => {
    const { project, runtime } = await open({ max: 1 }, files);
    const pid = await runtime.invoke('pid');
    for (const [what, expected, errorClass = Error] of thrown) {
      await t.test(`an error ${what}`, async () => {
        const { cause, message } = await thrownBy(runtime, what);
        assert(cause instanceof errorClass);
        for (const [key, value] of Object.entries(expected)) assert.deepEqual(cause[key], value);
        const kind = expected.name === 'Error' ? '' : `${expected.name}: `;
        const text = expected.message === '' ? 'it threw an Error that has no message' : expected.message;
        assert.equal(message, `Function "throw" failed: ${kind}${text}`);
        const place = new RegExp(`${project.path('functions/throw.ts')}:(\\d+):`);
        const line = Number(place.exec(cause.stack ?? '')?.[1]);
        assert(line >= thrownAt(what) && line <= thrownAt(what) + 3, `line ${line} in ${cause.stack}`);
      });
    }
    assert.equal(await runtime.invoke('pid'), pid);
  },
);

testEach('what of an error cannot be sent costs nothing else of it', async (_t, open) => {
  const { runtime } = await open({}, files);
  const { cause: own } = await thrownBy(runtime, 'with what cannot be sent');
  assert.equal('done' in own || 'unit' in own, false);
  assert.match(String(own.socket), /on: \[Function: on\]/);

  const { cause: many } = await thrownBy(runtime, 'of many, some of which cannot be sent');
  assert.equal(many.message, 'all sizes failed');
  const second = (many as unknown as AggregateError).errors[1];
  assert(second instanceof RangeError);
  assert.equal(second.message, 'a');

  const { cause: outer } = await thrownBy(runtime, 'with an error that has such a cause');
  assert.equal(outer.message, 'no such photo');
  assert.match(String(outer.inner), /inside/);

  const { cause: bare } = await thrownBy(runtime, 'without a stack');
  assert.equal(bare.message, 'no such photo');
});

testEach('the chain of causes arrives whole', async (_t, open) => {
  const { project, runtime } = await open({}, files);
  const { cause } = await thrownBy(runtime, 'with a chain of causes');
  assert.equal(cause.name, 'PhotoError');
  const second = cause.cause;
  assert(second instanceof Error && second.message === 'no pixels');
  const third = second.cause;
  assert(third instanceof SyntaxError && third.message === 'not a JPEG');
  assert.deepEqual(third.cause, { offset: 3n, bytes: Buffer.from('PNG') });
  for (const error of [cause, second, third]) {
    assert(error.stack?.includes(project.path('functions/throw.ts')), error.stack);
  }
  const { cause: circle } = await thrownBy(runtime, 'that is its own cause');
  assert(circle.cause instanceof Error);
  assert.equal(circle.cause.cause, circle);
  const { cause: undefinedCause } = await thrownBy(runtime, 'with a cause of undefined');
  assert(Object.hasOwn(undefinedCause, 'cause') && undefinedCause.cause === undefined);
  const { cause: none } = await thrownBy(runtime, 'Error');
  assert.equal(Object.hasOwn(none, 'cause'), false);
});

testEach('an AggregateError arrives with all its errors', async (_t, open) => {
  const { runtime } = await open({}, files);
  const { cause } = await thrownBy(runtime, 'of many');
  assert.deepEqual([cause.name, cause.message], ['AggregateError', 'all sizes failed']);
  const [first, second, third] = (cause as unknown as AggregateError).errors;
  assert(first instanceof RangeError && first.message === 'a');
  assert.equal(second, 'b');
  assert.deepEqual(
    [third.name, third.message, third.errors[0].name],
    ['AggregateError', 'one more', 'PhotoError'],
  );
  assert.equal(third.errors[0].code, 'E_PHOTO');
});

testEach('errors of Node arrive with what programs look at', async (_t, open) => {
  const { runtime } = await open({}, files);
  const { cause: missing } = await thrownBy(runtime, 'of the system');
  assert.deepEqual(
    [missing.code, missing.errno, missing.syscall, missing.path],
    ['ENOENT', -2, 'open', '/no/such/photo.jpg'],
  );
  const { cause: aborted } = await thrownBy(runtime, 'of an abort');
  assert.deepEqual([aborted.name, aborted.message], ['AbortError', 'This operation was aborted']);
  const { cause: timer } = await thrownBy(runtime, 'of an aborted timer');
  assert.deepEqual([timer.name, timer.code, timer.cause], ['AbortError', 'ABORT_ERR', 'stop']);
});

testEach('whatever else is thrown rejects with just that as the cause', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const pid = await runtime.invoke('pid');
  const values = [null, undefined, '', 'no such photo', 0, Number.NaN, -0, 5n, false, [1], { status: 404 }];
  for (const [index, value] of [...values, new Map([[1, 2]])].entries()) {
    for (const invocation of [runtime.invoke('throw-value', index), runtime.invoke('reject-value', value)]) {
      const error = await rejectionOf(invocation, FunctionError);
      assert.deepStrictEqual(error.cause, value);
      assert(Object.hasOwn(error, 'cause'));
    }
  }
  assert.equal(await runtime.invoke('pid'), pid);
});

testEach('what has no text of its own is told all the same, thrown or as a reason', async (_t, open) => {
  const { runtime } = await open(
    { max: 1, killGrace: 50 },
    {
      'functions/pid.js': 'export default () => process.pid;',
      'functions/odd.js': `
        const odd = [
          { toString: 1, valueOf: 1 },
          { message: { toString: null, valueOf: null } },
          Object.create(null),
        ];
        export default (index) => { throw odd[index]; };`,
      'functions/wait.js': 'export default () => new Promise((resolve) => setTimeout(resolve, 60_000));',
    },
  );
  const pid = await runtime.invoke('pid');
  for (const index of [0, 1, 2]) {
    const { code } = await rejectionOf(runtime.invoke('odd', index), FunctionError);
    assert.equal(code, 'FUNCTION_FAILED');
  }
  assert.equal(await runtime.invoke('pid'), pid);
  const reason = Object.create(null);
  const running = runtime.invoke('wait');
  const queued = runtime.invoke('wait');
  const aborted = runtime.invoke('wait', null, { signal: AbortSignal.abort(reason) });
  const controller = new AbortController();
  const toBeAborted = runtime.invoke('wait', null, { signal: controller.signal });
  running.cancel(reason);
  queued.cancel(reason);
  controller.abort(reason);
  for (const invocation of [running, queued, aborted, toBeAborted]) {
    assert.equal((await rejectionOf(invocation, CancelledError)).cause, reason);
  }
});

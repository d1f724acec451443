import assert from 'node:assert/strict';
import { FunctionError } from 'warm-pool';
import { testEach } from '../conformance/support.ts';
import { rejectionOf } from '../support/open-runtime.ts';

const files = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/describe.js': `
    const describe = (error) => ({
      isError: error instanceof Error,
      ...{ name: error.name, message: error.message, stack: error.stack, own: { ...error } },
      cause: error.cause instanceof Error ? describe(error.cause) : error.cause,
    });
    export default describe;`,
  'functions/give.js': `
    class PhotoError extends Error { name = 'PhotoError'; code = 'E_PHOTO'; }
    export default () => {
      const failure = new PhotoError('no such photo', { cause: new RangeError('too big') });
      return {
        failures: [failure, new Map([['a.jpg', failure]])],
        settled: [{ status: 'rejected', reason: failure }],
        many: new AggregateError([failure], 'all'),
      };
    };`,
  'functions/throw-odd.js': `
    const odd = [
      () => {}, Symbol('px'), { status: 404, done() {} }, Promise.resolve(), new WeakMap(),
      new Proxy({}, { get() { throw new Error('no'); }, ownKeys() { throw new Error('no'); } }),
      Object.defineProperty(new Error('hidden'), 'message', { get() { throw new Error('no message'); } }),
      Object.defineProperty(new Error('odd'), 'stack', { get() { throw new Error('no stack'); } }),
      Object.defineProperty(new Error('odd'), 'own', { enumerable: true, get() { throw new Error('no own'); } }),
      Object.assign(new Error('odd'), { message: Symbol('x') }),
      Object.setPrototypeOf(new Error('odd'), null),
    ];
    export default (index) => { throw odd[index]; };`,
  'functions/pid.js': 'export default () => process.pid;',
};

class PhotoError extends Error {
  override readonly name = 'PhotoError';
  readonly code = 'E_PHOTO';
}

interface Described {
  readonly isError: boolean;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly own: Readonly<Record<string, unknown>>;
  readonly cause: unknown;
}

testEach('an error among the arguments arrives as the error it is', async (_t, open) => {
  const { runtime } = await open({}, files);
  const error = new PhotoError('no such photo', { cause: new RangeError('too big') });
  const described = await runtime.invoke<Described>('describe', error);
  const { isError, name, message, stack, own, cause } = described;
  assert.deepEqual(
    { isError, name, message, own, stack },
    {
      isError: true,
      name: 'PhotoError',
      message: 'no such photo',
      own: { code: 'E_PHOTO' },
      stack: error.stack,
    },
  );
  const { name: causeName, message: causeMessage } = cause as Described;
  assert.deepEqual([causeName, causeMessage], ['RangeError', 'too big']);
});

testEach('errors inside a result arrive as the errors they are, and one stays one', async (_t, open) => {
  const { project, runtime } = await open({}, files);
  const result = await runtime.invoke<{
    failures: [PhotoError, Map<string, PhotoError>];
    settled: PromiseRejectedResult[];
    many: AggregateError;
  }>('give');
  const [failure, byName] = result.failures;
  assert(failure instanceof Error);
  assert.deepEqual([failure.name, failure.message, failure.code], ['PhotoError', 'no such photo', 'E_PHOTO']);
  assert(failure.stack?.includes(`${project.path('functions/give.js')}:4:`), failure.stack);
  assert(failure.cause instanceof RangeError && failure.cause.message === 'too big');
  assert.equal(byName.get('a.jpg'), failure);
  assert.equal(result.settled[0]?.reason, failure);
  assert.equal(result.many.errors[0], failure);
});

testEach('the reason of an abort arrives as an error, wherever it stands', async (t, open) => {
  const { runtime } = await open({}, files);
  const { reason } = AbortSignal.abort();
  const places: [what: string, value: unknown, find: (value: never) => unknown][] = [
    ['alone', reason, (value: unknown) => value],
    ['as a cause', new Error('stopped', { cause: reason }), (value: Error) => value.cause],
    ['in an object', { reason }, (value: { reason: unknown }) => value.reason],
    ['in a list', [reason], (value: unknown[]) => value[0]],
    ['in a Map', new Map([['reason', reason]]), (value: Map<string, unknown>) => value.get('reason')],
    [
      'as a property of an error',
      Object.assign(new Error('stopped'), { reason }),
      (value: { reason: unknown }) => value.reason,
    ],
  ];
  for (const [what, value, find] of places) {
    await t.test(what, async () => {
      const found = find((await runtime.invoke('echo', value)) as never);
      assert(found instanceof Error, String(found));
      assert.deepEqual([found.name, found.message], ['AbortError', 'This operation was aborted']);
    });
  }
});

testEach(
  'whatever odd thing is thrown, the invocation fails as one that threw, and the worker lives',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 }, files);
    const pid = await runtime.invoke('pid');
    for (let index = 0; index < 11; index++) {
      const { code } = await rejectionOf(runtime.invoke('throw-odd', index), FunctionError);
      assert.equal(code, 'FUNCTION_FAILED');
      assert.equal(await runtime.invoke('pid'), pid, `the worker after ${index}`);
    }
  },
);

testEach('an object that was thrown and that cannot be sent is shown all the same', async (_t, open) => {
  const { runtime } = await open({}, files);
  const { message } = await rejectionOf(runtime.invoke('throw-odd', 2), FunctionError);
  assert.match(message, /status: 404/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CancelledError,
  ConfigError,
  createRuntime,
  FunctionError,
  FunctionLoadError,
  FunctionNotFoundError,
  InvalidInputError,
  type Invocation,
  PoolError,
  QueueFullError,
  type Runtime,
  RuntimeClosedError,
  SerializationError,
  TimeoutError,
  WorkerCrashedError,
} from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { until } from '../support/wait.ts';

const files = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms, { signal }) => setTimeout(ms, 'waited', { signal });`,
  'functions/fail.js': `export default () => { throw new RangeError('no such photo'); };`,
  'functions/crash.js': `export default () => { console.error('good bye'); process.exit(3); };`,
  'functions/closure.js': 'export default () => ({ photos: [{ done() {} }] });',
  'functions/broken.js': `throw new TypeError('no such codec');`,
  'functions/sized.js': `
    const validate = (value) =>
      typeof value === 'number' ? { value } : { issues: [{ message: 'expected a number', path: ['size'] }] };
    export const config = { input: { '~standard': { version: 1, vendor: 'test', validate } } };
    export default (size) => size;`,
};

const pool = { max: 1, killGrace: '50ms', queueLimit: 1 };

type ErrorClass = abstract new (...args: never[]) => PoolError;

interface Case {
  readonly what: string;
  readonly errorClass: ErrorClass;
  readonly code: string;
  /** The status of the invocation; `failed` unless it is given. */
  readonly status?: string;
  readonly message: RegExp;
  /** What else its users may rely on. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  arrange?(runtime: Runtime): Promise<void>;
  invoke(runtime: Runtime): Invocation;
}

const reason = { cancelledBy: 'Ada' };

const cases: Case[] = [
  {
    what: 'a name that no function has',
    ...{ errorClass: FunctionNotFoundError, code: 'FUNCTION_NOT_FOUND', fields: { closest: 'echo' } },
    message: /no function "ecko", did you mean "echo"\?/,
    invoke: (runtime) => runtime.invoke('ecko'),
  },
  {
    what: 'a module that throws',
    ...{ errorClass: FunctionLoadError, code: 'FUNCTION_LOAD', cause: 'TypeError: no such codec' },
    message: /"broken" could not be loaded.*TypeError: no such codec/,
    invoke: (runtime) => runtime.invoke('broken'),
  },
  {
    what: 'arguments that the schema refuses',
    ...{ errorClass: InvalidInputError, code: 'INVALID_INPUT' },
    fields: { issues: [{ message: 'expected a number', path: ['size'] }] },
    message: /"sized" are not valid: size: expected a number/,
    invoke: (runtime) => runtime.invoke('sized', 'big'),
  },
  {
    what: 'a function that throws',
    ...{ errorClass: FunctionError, code: 'FUNCTION_FAILED', cause: 'RangeError: no such photo' },
    message: /"fail" failed: RangeError: no such photo/,
    invoke: (runtime) => runtime.invoke('fail'),
  },
  {
    what: 'a function that takes too long',
    ...{ errorClass: TimeoutError, code: 'TIMEOUT', status: 'timedOut', fields: { timeoutMs: 50 } },
    message: /"wait" ran longer than its timeout of 50 ms/,
    invoke: (runtime) => runtime.invoke('wait', 20_000, { timeout: 50 }),
  },
  {
    what: 'a cancel',
    ...{ errorClass: CancelledError, code: 'CANCELLED', status: 'cancelled', cause: reason },
    message: /"wait" was cancelled/,
    invoke(runtime) {
      const invocation = runtime.invoke('wait', 20_000);
      invocation.cancel(reason);
      return invocation;
    },
  },
  {
    what: 'a process that exits',
    ...{ errorClass: WorkerCrashedError, code: 'WORKER_CRASHED', status: 'crashed' },
    fields: { exitCode: 3, signal: null, stderr: ['good bye'] },
    message: /worker that ran "crash" exited with code 3.*good bye/,
    invoke: (runtime) => runtime.invoke('crash'),
  },
  {
    what: 'a queue that is full',
    ...{ errorClass: QueueFullError, code: 'QUEUE_FULL' },
    message: /queue is full: 1 invocations wait already/,
    async arrange(runtime) {
      await until('the worker', () => runtime.stats().workers[0]?.state === 'ready');
      void runtime.invoke('wait', 200);
      void runtime.invoke('echo', 'waits');
    },
    invoke: (runtime) => runtime.invoke('echo', 'one too many'),
  },
  {
    what: 'a result that cannot be sent',
    ...{ errorClass: SerializationError, code: 'SERIALIZATION', fields: { path: 'result.photos[0].done' } },
    message: /result of "closure" can't be sent: result\.photos\[0\]\.done: the function done/,
    invoke: (runtime) => runtime.invoke('closure'),
  },
  {
    what: 'arguments that cannot be sent',
    ...{ errorClass: SerializationError, code: 'SERIALIZATION', fields: { path: 'args.sizes.get("small")' } },
    message: /arguments of "echo" can't be sent: args\.sizes\.get\("small"\): Symbol\(32\)/,
    invoke: (runtime) => runtime.invoke('echo', { sizes: new Map([['small', Symbol('32')]]) }),
  },
  {
    what: 'a runtime that is closed', // the last one: it closes the runtime
    ...{ errorClass: RuntimeClosedError, code: 'RUNTIME_CLOSED' },
    message: /"echo" can't run: the runtime has been closed/,
    arrange: (runtime) => runtime.close(),
    invoke: (runtime) => runtime.invoke('echo'),
  },
];

test('each error has its class and code, and says which invocation of which function it concerns', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool } });
  for (const each of cases) {
    await t.test(each.what, async () => {
      const { errorClass, code, status = 'failed', message, fields = {}, cause } = each;
      await runtime.drain(); // of the case before
      await each.arrange?.(runtime);
      const invocation = each.invoke(runtime);
      const error = await rejectionOf(invocation, errorClass);
      assert(error instanceof PoolError && error instanceof Error);
      for (const other of cases.map((another) => another.errorClass).filter((one) => one !== errorClass)) {
        assert(!(error instanceof other), `it is a ${other.name} as well`);
      }
      assert.equal(error.name, errorClass.name);
      assert.equal(error.code, code);
      assert.equal(error.functionName, invocation.functionName);
      assert.equal(error.invocationId, invocation.id);
      assert.match(error.message, message);
      const found: Record<string, unknown> = { ...error };
      for (const [key, value] of Object.entries(fields)) assert.deepEqual(found[key], value);
      assert.equal(invocation.status, status);
      if (typeof cause === 'string') assert.equal(textOf(error.cause), cause);
      else assert.equal(error.cause, cause);
    });
  }
});

/** Of an error as it was thrown, with a stack. */
function textOf(cause: unknown): string {
  assert(cause instanceof Error, `expected an Error, got ${String(cause)}`);
  assert.match(cause.stack ?? '', /functions\/\w+\.js:1/);
  return `${cause.name}: ${cause.message}`;
}

test('a configuration with mistakes is a ConfigError that lists them', async (t) => {
  const { root } = makeProject(t, files);
  const mistaken = createRuntime({ cwd: root, config: { pool: { min: -1 }, dataDir: '' } });
  const error = await rejectionOf(mistaken, ConfigError);
  assert.equal(error.code, 'CONFIG');
  assert.equal(error.name, 'ConfigError');
  assert.deepEqual(error.issues.map(({ path }) => path).sort(), ['dataDir', 'pool.min']);
});

test('an error of the package is no instance of a subclass that a user made', async (t) => {
  class PhotoError extends PoolError {}
  const { runtime } = await runProject(t, files);
  const error = await rejectionOf(runtime.invoke('fail'), FunctionError);
  assert(!(error instanceof PhotoError));
  assert(new PhotoError('PHOTO', 'no photo') instanceof PoolError);
});

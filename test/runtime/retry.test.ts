import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import {
  CancelledError,
  type CreateRuntimeOptions,
  FunctionError,
  FunctionNotFoundError,
  InvalidInputError,
  type Invocation,
  type InvocationStatus,
  type PoolError,
  QueueFullError,
  type RetryOptions,
  RuntimeClosedError,
  SerializationError,
  TimeoutError,
  WorkerCrashedError,
  watch,
} from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { type Cleanup, makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';
import { until, within } from '../support/wait.ts';
import { makeJpeg } from '../triggers/support-jpeg.ts';

const files = {
  // Fails as it is told, `times` times in a row, and notes each run.
  'functions/flaky.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export default async ({ times, how }, ctx) => {
      fs.appendFileSync(new URL('../runs', import.meta.url), ctx.attempt + ';');
      ctx.progress(ctx.attempt);
      if (ctx.attempt > times) return ctx.attempt + ' ' + ctx.invocationId;
      if (how === 'hang') await setTimeout(600_000);
      if (how === 'spin') for (;;);
      if (how === 'die') process.kill(process.pid, 'SIGKILL');
      if (how === 'exit') process.exit(3);
      if (how === 'function') return () => {};
      throw Object.assign(new RangeError('attempt ' + ctx.attempt), { isTransient: ctx.attempt < 3 });
    };`,
  'functions/settled.js': `
    import { defineFunction } from 'warm-pool';
    export default defineFunction({
      retry: { attempts: 3, backoff: 1 },
      handler: (args, { attempt }) => {
        if (attempt < 3) throw new Error('attempt ' + attempt);
        return attempt;
      },
    });`,
  'functions/strict.js': `
    import fs from 'node:fs';
    import { defineFunction } from 'warm-pool';
    const validate = () => {
      fs.appendFileSync(new URL('../runs', import.meta.url), 'looked;');
      return { issues: [{ message: 'not this' }] };
    };
    export default defineFunction({
      retry: { attempts: 3, backoff: 1 },
      input: { '~standard': { version: 1, vendor: 'test', validate } },
      handler: () => 'never',
    });`,
  'functions/echo.js': 'export default (value) => value;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, 'waited');`,
};

const hour = 3_600_000;

async function open(t: Cleanup, pool: object = {}, options: CreateRuntimeOptions = {}) {
  const { project, runtime } = await runProject(t, files, {
    config: { pool: { max: 1, killGrace: 20, ...pool } },
    ...options,
  });
  const runs = () => (project.has('runs') ? fs.readFileSync(project.path('runs'), 'utf8') : '');
  return { project, runtime, runs };
}

/** Resolves when the next attempt is waited for. */
function waiting(invocation: Invocation, attempt = 2): Promise<unknown> {
  return until('the wait for the next attempt', () => {
    return invocation.attempt === attempt && invocation.status === 'queued';
  });
}

for (const how of ['throw', 'hang', 'spin', 'die', 'exit']) {
  test(`a function that fails twice (${how}) succeeds at its third attempt, as one invocation`, async (t) => {
    const { runtime, runs } = await open(t);
    const invocation = runtime.invoke<string>(
      'flaky',
      { times: 2, how },
      {
        ...{ timeout: how === 'hang' || how === 'spin' ? 200 : '30s' },
        retry: { attempts: 3, backoff: 1 },
      },
    );
    const progress: unknown[] = [];
    const reading = (async () => {
      for await (const value of invocation.progress) progress.push(value);
    })();
    assert.equal(await within('the third attempt', invocation), `3 ${invocation.id}`);
    assert.equal(invocation.attempt, 3);
    assert.equal(invocation.status, 'succeeded');
    assert.equal(runs(), '1;2;3;');
    await within('the end of the progress', reading);
    // What a process that is killed was about to send is lost.
    if (how === 'throw') assert.deepEqual(progress, [1, 2, 3]);
    assert.equal(progress.at(-1), 3);
    const { invocations, succeeded } = infoOf(runtime, 'flaky').stats;
    assert.deepEqual({ invocations, succeeded }, { invocations: 1, succeeded: 1 });
    await within('the drain', runtime.drain());
  });
}

test('when all attempts fail the last error is told', async (t) => {
  const { runtime, runs } = await open(t);
  const invocation = runtime.invoke('flaky', { times: 9 }, { retry: { attempts: 3, backoff: 1 } });
  const error = await rejectionOf(invocation, FunctionError);
  assert.equal((error.cause as Error).message, 'attempt 3');
  assert.equal(error.invocationId, invocation.id);
  assert.deepEqual([invocation.status, invocation.attempt, runs()], ['failed', 3, '1;2;3;']);
  assert.equal(infoOf(runtime, 'flaky').stats.failed, 1);
});

test('without retry there is one attempt', async (t) => {
  const { runtime, runs } = await open(t);
  await rejectionOf(runtime.invoke('flaky', { times: 1 }), FunctionError);
  await rejectionOf(runtime.invoke('flaky', { times: 1 }, { retry: { attempts: 1 } }), FunctionError);
  assert.equal(runs(), '1;1;');
});

test("a function's own retry is listed, and the caller's takes its place as a whole", async (t) => {
  const { runtime } = await open(t);
  const on = ['FUNCTION_FAILED', 'TIMEOUT', 'WORKER_CRASHED', 'MEMORY_LIMIT'];
  assert.deepEqual(infoOf(runtime, 'settled').config.retry, { attempts: 3, backoff: 1, on });
  assert.equal(await runtime.invoke('settled'), 3);
  await rejectionOf(runtime.invoke('settled', 0, { retry: { attempts: 2, backoff: 1 } }), FunctionError);
  const invocation = runtime.invoke('settled', 0, { retry: { attempts: 3 } });
  await waiting(invocation);
  const begun = performance.now();
  // The default wait and not the function's, which would be over.
  await until('longer than that of the function', () => performance.now() - begun > 50);
  assert.equal(invocation.attempt, 2);
  assert.equal(invocation.status, 'queued');
  assert.equal(await within('the third attempt', invocation), 3);
});

test('`on` names the errors after which there is another attempt', async (t) => {
  const { runtime, runs } = await open(t);
  const crash = { times: 9, how: 'exit' };
  const retry: RetryOptions = { attempts: 3, backoff: 1, on: ['FUNCTION_FAILED', 'TIMEOUT'] };
  await rejectionOf(runtime.invoke('flaky', crash, { retry }), WorkerCrashedError);
  assert.equal(runs(), '1;');
  await rejectionOf(runtime.invoke('flaky', { times: 9 }, { retry }), FunctionError);
  assert.equal(runs(), '1;1;2;3;');
});

test('`on` can be a function that looks at the error', async (t) => {
  const { runtime, runs } = await open(t);
  const seen: PoolError[] = [];
  const on = (error: PoolError) => {
    seen.push(error);
    return (error.cause as { isTransient?: boolean }).isTransient === true;
  };
  const invocation = runtime.invoke('flaky', { times: 9 }, { retry: { attempts: 9, backoff: 1, on } });
  const error = await rejectionOf(invocation, FunctionError);
  assert.equal((error.cause as Error).message, 'attempt 3');
  assert.equal(runs(), '1;2;3;');
  assert.deepEqual(
    seen.map(({ code, invocationId }) => ({ code, invocationId })),
    [1, 2, 3].map(() => ({ code: 'FUNCTION_FAILED', invocationId: invocation.id })),
  );
});

test('what the `on` of the caller throws is told, and a promise from it is no answer', async (t) => {
  const { runtime } = await open(t);
  const bug = new TypeError('a bug in on');
  const on = () => {
    throw bug;
  };
  const invocation = runtime.invoke('flaky', { times: 9 }, { retry: { attempts: 9, on } });
  assert.equal(await rejectionOf(invocation, TypeError), bug);
  assert.equal(invocation.status, 'failed');
  const later = (async () => true) as unknown as () => boolean;
  const promised = runtime.invoke('flaky', { times: 9 }, { retry: { attempts: 9, on: later } });
  assert.match(
    (await rejectionOf(promised, TypeError)).message,
    /expected `retry.on` to return true or false/,
  );
});

test('what another attempt would not change is not tried again', async (t) => {
  const { runtime, runs } = await open(t, { queueLimit: 0 });
  const asked: string[] = [];
  const on = ({ code }: PoolError) => asked.push(code) > 0;
  const retry = { attempts: 3, backoff: 1, on };
  await rejectionOf(runtime.invoke('strict', 1), InvalidInputError);
  assert.equal(runs(), 'looked;');
  await rejectionOf(runtime.invoke('flaky', { times: 9, how: 'function' }, { retry }), SerializationError);
  await rejectionOf(
    runtime.invoke('echo', () => {}, { retry }),
    SerializationError,
  );
  await rejectionOf(runtime.invoke('nowhere', 0, { retry }), FunctionNotFoundError);
  const running = runtime.invoke('wait', hour, { retry });
  await rejectionOf(runtime.invoke('echo', 0, { retry }), QueueFullError);
  running.cancel();
  await rejectionOf(running, CancelledError);
  await runtime.close();
  await rejectionOf(runtime.invoke('echo', 0, { retry }), RuntimeClosedError);
  assert.deepEqual(asked, []);
  assert.equal(runs(), 'looked;1;');
});

test('an invocation between two attempts is queued; others run meanwhile, and `drain` waits for it', async (t) => {
  const { runtime } = await open(t, { queueLimit: 0 });
  const invocation = runtime.invoke<string>('flaky', { times: 1 }, { retry: { attempts: 2, backoff: 300 } });
  await waiting(invocation);
  const statuses: InvocationStatus[] = [];
  const drained = runtime.drain().then(() => statuses.push(invocation.status));
  assert.deepEqual([runtime.stats().queued, runtime.stats().running], [1, 0]);
  // It takes no place in the queue: with a queueLimit of 0 the worker can be had.
  assert.equal(await runtime.invoke('echo', 'meanwhile'), 'meanwhile');
  assert.match(await within('the second attempt', invocation), /^2 /);
  await within('the drain', drained);
  assert.deepEqual(statuses, ['succeeded']);
  assert.equal(runtime.stats().queued, 0);
});

test('a cancel ends the wait for the next attempt at once, by the handle and by a signal', async (t) => {
  const { runtime, runs } = await open(t);
  const controller = new AbortController();
  const options = { signal: controller.signal, retry: { attempts: 9, backoff: hour } };
  const invocations = [0, 1].map(() => runtime.invoke('flaky', { times: 9 }, options));
  for (const invocation of invocations) await waiting(invocation);
  invocations[0]?.cancel('not needed');
  assert.equal(invocations[0]?.status, 'cancelled');
  assert.equal((await rejectionOf(invocations[0], CancelledError)).cause, 'not needed');
  assert.equal(typeof invocations[0].report?.durationMs, 'number', 'the figures of the attempt that ran');
  controller.abort('not needed either');
  const error = await rejectionOf(invocations[1] as Invocation, CancelledError);
  assert.equal(error.cause, 'not needed either');
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  await within('the drain', runtime.drain());
  assert.equal(runs(), '1;1;');
  assert.equal(infoOf(runtime, 'flaky').stats.cancelled, 2);
});

test('a later attempt that runs can be cancelled like the first', async (t) => {
  const { runtime } = await open(t);
  const invocation = runtime.invoke(
    'flaky',
    { times: 9, how: 'hang' },
    {
      ...{ timeout: 200, retry: { attempts: 9, backoff: 1 } },
    },
  );
  await until('the third attempt to run', () => invocation.attempt === 3 && invocation.status === 'running');
  invocation.cancel();
  await rejectionOf(invocation, CancelledError);
  assert.equal(invocation.attempt, 3);
  assert.equal(await within('the next one', runtime.invoke('echo', 'next')), 'next');
});

test('`close` ends the wait with the last error, and what fails after it is not tried again', async (t) => {
  const { runtime, runs } = await open(t, { max: 2, min: 2 });
  const options = { retry: { attempts: 9, backoff: hour } };
  const invocation = runtime.invoke('flaky', { times: 9 }, options);
  await waiting(invocation);
  const running = runtime.invoke('flaky', { times: 9, how: 'hang' }, { ...options, timeout: 300 });
  await until('it to run', () => running.status === 'running');
  const closed = runtime.close();
  assert.equal(invocation.status, 'failed');
  const error = await rejectionOf(invocation, FunctionError);
  assert.equal((error.cause as Error).message, 'attempt 1');
  assert.equal(typeof invocation.report?.durationMs, 'number');
  await rejectionOf(running, TimeoutError);
  await within('the close', closed);
  assert.equal(runs(), '1;1;');
});

test('a timeout is for each attempt, and an attempt that goes on in spite of it is not the next one', async (t) => {
  const { runtime } = await open(t, { min: 2, max: 2, killGrace: '60s' });
  const invocation = runtime.invoke<string>(
    'flaky',
    { times: 1, how: 'hang' },
    {
      ...{ timeout: 300, retry: { attempts: 2, backoff: 1 } },
    },
  );
  assert.equal(await within('the second attempt', invocation), `2 ${invocation.id}`);
  assert(runtime.stats().running >= 1, 'the first still has its worker');
});

test('for a file that lands the attempts of its trigger take the place of those of the function', async (t) => {
  const log = new LogLines();
  const trigger = watch({ path: 'inbox', invoke: 'unlucky', args: (file) => file.path, attempts: 1 });
  const { project, runtime } = await runProject(
    t,
    {
      'functions/unlucky.js': `
        import fs from 'node:fs';
        export default (file, { attempt }) => {
          fs.appendFileSync(new URL('../runs', import.meta.url), attempt + ';');
          throw new Error('no luck');
        };
        export const config = { retry: { attempts: 3, backoff: 1 } };`,
      'inbox/photo.jpg': makeJpeg(),
    },
    { logger: log.logger, config: { triggers: [trigger] } },
  );
  await within('the start', runtime.start());
  await log.line(/^error .*photo\.jpg.*no luck/);
  assert.equal(fs.readFileSync(project.path('runs'), 'utf8'), '1;');
});

test('a program does not end while an invocation waits for its next attempt', async (t) => {
  const project = makeProject(t, files);
  const program = `
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ hotReload: false });
    const retry = { attempts: 3, backoff: 200 };
    runtime.invoke('flaky', { times: 2 }, { retry }).then((value) => console.log(JSON.stringify(value.slice(0, 1))));`;
  assert.equal(await runProgram(project, program), '3');
});

const mistakes: [unknown, RegExp][] = [
  [3, /the `retry` option to be an object such as \{ attempts: 3 \}, got 3 \(number\)/],
  [null, /the `retry` option to be an object such as/],
  [{}, /the `retry.attempts` option to be a whole number from 1 to 65535, got nothing/],
  [{ attempts: 0 }, /the `retry.attempts` option to be .*, got 0/],
  [{ attempts: 1.5 }, /the `retry.attempts` option to be .*, got 1.5/],
  [{ attempts: 65_536 }, /the `retry.attempts` option to be .*, got 65536/],
  [
    { attempts: 2, backoff: 'soon' },
    /the `retry.backoff` option to be a number of ms or a string .*, got 'soon'/,
  ],
  [{ attempts: 2, on: 'TIMEOUT' }, /the `retry.on` option to be a function or a list of FUNCTION_FAILED, /],
  [
    { attempts: 2, on: ['CANCELLED'] },
    /the `retry.on` option to be a function or a list of FUNCTION_FAILED, /,
  ],
  [{ attempts: 2, times: 3 }, /expected `attempts`, `backoff` and `on` in the `retry` option, got `times`/],
];

test('a mistake in the `retry` option rejects with what was expected', async (t) => {
  const { runtime, runs } = await open(t);
  for (const [retry, message] of mistakes) {
    const invocation = runtime.invoke('flaky', { times: 0 }, { retry: retry as RetryOptions });
    assert.match((await rejectionOf(invocation, TypeError)).message, message);
  }
  assert.equal(runs(), '');
});

test("a mistake in a function's retry is its load error, with the path of each", async (t) => {
  const { runtime } = await runProject(t, {
    'functions/wrong.js': `
      export default () => {};
      export const config = { retry: { attempts: 0, backoff: 'soon', on: ['CANCELLED'], times: 3 } };`,
  });
  const { message } = infoOf(runtime, 'wrong').error as { message: string };
  assert.match(message, /retry.attempts: expected a whole number from 1 to 65535, got 0/);
  assert.match(message, /retry.backoff: expected a number of ms or a string/);
  assert.match(message, /retry.on\[0\]: expected one of FUNCTION_FAILED, TIMEOUT/);
  assert.match(message, /retry.times: there is no such setting/);
});

import assert from 'node:assert/strict';
import {
  CancelledError,
  FunctionError,
  FunctionNotFoundError,
  InvalidInputError,
  type PoolError,
  QueueFullError,
  type RetryOptions,
  RuntimeClosedError,
  SerializationError,
  WorkerCrashedError,
} from 'warm-pool';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { hour, openRetried, waiting } from './support-retry.ts';

for (const how of ['throw', 'hang', 'spin', 'die', 'exit']) {
  testEach(
    `a function that fails twice (${how}) succeeds at its third attempt, as one invocation`,
    async (_t, open) => {
      const { runtime, runs } = await openRetried(open);
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
    },
  );
}

testEach('when all attempts fail the last error is told', async (_t, open) => {
  const { runtime, runs } = await openRetried(open);
  const invocation = runtime.invoke('flaky', { times: 9 }, { retry: { attempts: 3, backoff: 1 } });
  const error = await rejectionOf(invocation, FunctionError);
  assert.equal((error.cause as Error).message, 'attempt 3');
  assert.equal(error.invocationId, invocation.id);
  assert.deepEqual([invocation.status, invocation.attempt, runs()], ['failed', 3, '1;2;3;']);
  assert.equal(infoOf(runtime, 'flaky').stats.failed, 1);
});

testEach('without retry there is one attempt', async (_t, open) => {
  const { runtime, runs } = await openRetried(open);
  await rejectionOf(runtime.invoke('flaky', { times: 1 }), FunctionError);
  await rejectionOf(runtime.invoke('flaky', { times: 1 }, { retry: { attempts: 1 } }), FunctionError);
  assert.equal(runs(), '1;1;');
});

testEach(
  "a function's own retry is listed, and the caller's takes its place as a whole",
  async (_t, open) => {
    const { runtime } = await openRetried(open);
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
  },
);

testEach('`on` names the errors after which there is another attempt', async (_t, open) => {
  const { runtime, runs } = await openRetried(open);
  const crash = { times: 9, how: 'exit' };
  const retry: RetryOptions = { attempts: 3, backoff: 1, on: ['FUNCTION_FAILED', 'TIMEOUT'] };
  await rejectionOf(runtime.invoke('flaky', crash, { retry }), WorkerCrashedError);
  assert.equal(runs(), '1;');
  await rejectionOf(runtime.invoke('flaky', { times: 9 }, { retry }), FunctionError);
  assert.equal(runs(), '1;1;2;3;');
});

testEach('`on` can be a function that looks at the error', async (_t, open) => {
  const { runtime, runs } = await openRetried(open);
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

testEach(
  'what the `on` of the caller throws is told, and a promise from it is no answer',
  async (_t, open) => {
    const { runtime } = await openRetried(open);
    const bug = new TypeError('a bug in on');
    const on = () => {
      throw bug;
    };
    const invocation = runtime.invoke('flaky', { times: 9 }, { retry: { attempts: 9, on } });
    assert.equal(await rejectionOf(invocation, TypeError), bug);
    assert.equal(invocation.status, 'failed');
    const later = (async () => true) as unknown as () => boolean;
    const promised = runtime.invoke('flaky', { times: 9 }, { retry: { attempts: 9, on: later } });
    const { message, cause } = await rejectionOf(promised, TypeError);
    assert.match(message, /expected `retry.on` to return true or false/);
    assert(cause instanceof FunctionError, 'what the function failed with');
  },
);

testEach('what another attempt would not change is not tried again', async (_t, open) => {
  const { runtime, runs } = await openRetried(open, { queueLimit: 0 });
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

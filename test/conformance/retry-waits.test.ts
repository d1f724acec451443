import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import {
  CancelledError,
  FunctionError,
  type Invocation,
  type InvocationStatus,
  TimeoutError,
} from 'warm-pool';
import { startProgram } from '../runtime/support-program.ts';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { until, within } from '../support/wait.ts';
import { poolText, testEach } from './support.ts';
import { hour, openRetried, retried, waiting } from './support-retry.ts';

testEach(
  'an invocation between two attempts is queued; others run meanwhile, and `drain` waits for it',
  async (_t, open) => {
    const { runtime } = await openRetried(open, { queueLimit: 0 });
    const invocation = runtime.invoke<string>(
      'flaky',
      { times: 1 },
      { retry: { attempts: 2, backoff: 300 } },
    );
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
  },
);

testEach(
  'a cancel ends the wait for the next attempt at once, by the handle and by a signal',
  async (_t, open) => {
    const { runtime, runs } = await openRetried(open);
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
  },
);

testEach('a later attempt that runs can be cancelled like the first', async (_t, open) => {
  const { runtime } = await openRetried(open);
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

testEach(
  '`close` ends the wait with the last error, and what fails after it is not tried again',
  async (_t, open) => {
    const { runtime, runs } = await openRetried(open, { max: 2, min: 2 });
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
  },
);

testEach(
  'a timeout is for each attempt, and an attempt that goes on in spite of it is not the next one',
  async (_t, open) => {
    const { runtime } = await openRetried(open, { min: 2, max: 2, killGrace: '60s' });
    const invocation = runtime.invoke<string>(
      'flaky',
      { times: 1, how: 'hang' },
      {
        ...{ timeout: 300, retry: { attempts: 2, backoff: 1 } },
      },
    );
    assert.equal(await within('the second attempt', invocation), `2 ${invocation.id}`);
    assert(runtime.stats().running >= 1, 'the first still has its worker');
  },
);

testEach(
  'a program does not end while an invocation waits for its next attempt',
  async (t, _open, isolation) => {
    const program = startProgram(
      t,
      makeProject(t, retried),
      `
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ hotReload: false, config: { pool: ${poolText(isolation, { max: 1 })} } });
    const retry = { attempts: 3, backoff: 200 };
    runtime.invoke('flaky', { times: 2 }, { retry }).then((value) => console.log(JSON.stringify(value.slice(0, 1))));`,
    );
    assert.equal(await program.line(0), '3');
    assert.equal((await program.ended).code, 0);
  },
);

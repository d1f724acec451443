import assert from 'node:assert/strict';
import fs from 'node:fs';
import { CancelledError, type Shared, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import {
  type SharingTest,
  stepsOf,
  type Told,
  type Tools,
  testShared,
  usesUntilQuick,
  work,
} from './support.ts';

/** Has the lock until `go` is set; from a worker that uses its word. */
async function hold(test: SharingTest, uses = 0) {
  const holder = work(
    test,
    async (shared, uses, { ctx }) => {
      for (let use = 0; use < uses; use++) (await shared.lock('door').acquire()).release();
      const held = await shared.lock('door').acquire();
      ctx.progress('has it');
      await shared.event('go').wait();
      held.release();
    },
    uses,
  );
  await stepsOf(holder)();
  return { id: holder.id, ended: holder.then(() => {}) };
}

/** What the error of a wait for the lock says. */
async function waitInVain(
  shared: Shared,
  how: 'timeout' | 'signal' | 'aborted',
  { delay }: Pick<Tools, 'delay'>,
) {
  const controller = new AbortController();
  const reason = new RangeError('as meant');
  if (how === 'aborted') controller.abort(reason);
  const options = how === 'timeout' ? { timeout: 20 } : { signal: controller.signal };
  const waiting = shared.lock('door').acquire(options);
  const ending = waiting.then(String, (error: Told & Error) => ({
    name: error.name,
    code: error.code,
    message: error.message,
    timeoutMs: (error as Partial<TimeoutError>).timeoutMs,
    isReason: error.cause === reason,
  }));
  await delay(1);
  controller.abort(reason);
  return ending;
}

testShared(
  'a wait for a lock that takes too long is a TimeoutError that names who has it',
  2,
  async (test) => {
    const { shared, runtime } = test;
    for (const uses of [0, usesUntilQuick]) {
      await shared.event('go').clear();
      const { id, ended } = await hold(test, uses);
      const told = {
        name: 'TimeoutError',
        code: 'TIMEOUT',
        message: `The lock "door" was not had within 20 ms: it is held by "work" (${id}).`,
        timeoutMs: 20,
        isReason: false,
      };
      const inWorker = await work(test, waitInVain, 'timeout' as const);
      const inProgram = await waitInVain(shared, 'timeout', { delay: async () => {} });
      assert.deepEqual([inWorker, inProgram], [told, told]);
      await rejectionOf(shared.lock('door').acquire({ timeout: '20ms' }), TimeoutError);
      await shared.event('go').set();
      await within('the holder', ended);
    }
    const session = runtime.shared.session('the album page');
    await session.lock('door').acquire();
    const error = await rejectionOf(shared.lock('door').acquire({ timeout: 20 }), TimeoutError);
    assert.match(error.message, /it is held by the album page/);
  },
);

testShared('a wait for a lock ends with its signal, in a CancelledError with the reason', 2, async (test) => {
  const { ended } = await hold(test);
  const told = { name: 'CancelledError', code: 'CANCELLED', timeoutMs: undefined, isReason: true };
  for (const how of ['signal', 'aborted'] as const) {
    const inWorker = await work(test, waitInVain, how);
    const inProgram = await waitInVain(test.shared, how, { delay: async () => {} });
    for (const each of [inWorker, inProgram]) {
      const { message, ...rest } = each as Exclude<typeof each, string>;
      assert.deepEqual(rest, told, how);
      assert.match(message, /^The lock "door" was not had before the wait was cancelled: /);
    }
  }
  await rejectionOf(test.shared.lock('door').acquire({ signal: AbortSignal.abort() }), CancelledError);
  await test.shared.event('go').set();
  await within('the holder', ended);
});

testShared('those who gave up are passed over, and the next one has the lock', 3, async (test) => {
  const { ended } = await hold(test);
  const { delay } = await import('node:timers/promises').then(({ setTimeout }) => ({ delay: setTimeout }));
  const inVain = [
    work(test, waitInVain, 'timeout' as const),
    waitInVain(test.shared, 'timeout', { delay: async () => {} }),
    waitInVain(test.shared, 'signal', { delay: (ms) => delay(ms) }),
  ];
  const next = test.shared.lock('door').acquire();
  await within('those who give up', Promise.all(inVain));
  await test.shared.event('go').set();
  await within('the holder', ended);
  const held = await within('the next', next);
  assert.equal(held.wasAbandoned, false);
  held.release();
});

/** Waits for the lock; tells that, and what came of it. */
async function waitAndTell(shared: Shared, file: string, { ctx, fs }: Tools) {
  const waiting = shared.lock('door').acquire();
  ctx.progress('waits');
  const told = await waiting.then(String, ({ code, cause }: Told) => ({
    code,
    isReason: cause === ctx.signal.reason,
  }));
  fs.writeFileSync(file, JSON.stringify(told));
}

testShared('the wait of an invocation that is cancelled ends, and its worker lives', 2, async (test) => {
  const held = await test.shared.lock('door').acquire();
  const workers = test.runtime.stats().workers.map(({ id }) => id);
  const file = test.project.path('told');
  const waiting = work(test, waitAndTell, file);
  await stepsOf(waiting)();
  const next = test.shared.lock('door').acquire();
  waiting.cancel(new Error('not needed any more'));
  await rejectionOf(waiting, CancelledError);
  const told = await until(
    'the end of its wait',
    () => test.project.has('told') && fs.readFileSync(file, 'utf8'),
  );
  assert.deepEqual(JSON.parse(String(told)), { code: 'CANCELLED', isReason: true });
  held.release();
  (await within('the next', next)).release();
  await work(test, (shared) =>
    shared
      .lock('door')
      .acquire()
      .then((held) => held.release()),
  );
  assert.deepEqual(
    test.runtime.stats().workers.map(({ id }) => id),
    workers,
  );
});

testShared('an invocation that times out while it waits is out of the line', 2, async (test) => {
  const held = await test.shared.lock('door').acquire();
  const file = test.project.path('told');
  const waiting = work(test, waitAndTell, file, { timeout: '1s' });
  await stepsOf(waiting)();
  const next = test.shared.lock('door').acquire();
  await rejectionOf(waiting, TimeoutError);
  const told = await until(
    'the end of its wait',
    () => test.project.has('told') && fs.readFileSync(file, 'utf8'),
  );
  assert.equal(JSON.parse(String(told)).code, 'CANCELLED');
  held.release();
  (await within('the next', next)).release();
});

testShared('one that is killed in line is passed over', 2, async (test) => {
  const held = await test.shared.lock('door').acquire();
  const waiting = work(test, async (shared, _none, { ctx, die }) => {
    void shared.lock('door').acquire();
    ctx.progress('waits');
    await shared.event('go').wait();
    die();
  });
  await stepsOf(waiting)();
  const next = test.shared.lock('door').acquire();
  await test.shared.event('go').set();
  await rejectionOf(waiting, WorkerCrashedError);
  held.release();
  const after = await within('the next', next);
  assert.equal(after.wasAbandoned, false);
  after.release();
});

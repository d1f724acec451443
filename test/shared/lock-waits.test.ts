import assert from 'node:assert/strict';
import fs from 'node:fs';
import { CancelledError, RuntimeClosedError, type Shared, TimeoutError, WorkerCrashedError } from 'warm-pool';
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
      assert.deepEqual(await work(test, waitInVain, 'timeout' as const), told);
      assert.deepEqual(await waitInVain(shared, 'timeout', { delay: async () => {} }), told);
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

testShared(
  'the close of the runtime ends what the program waits for, and what it asks for later',
  2,
  async (test) => {
    const { runtime, shared } = test;
    await shared.lock('door').acquire();
    const session = shared.session('a part');
    const waits = [shared.lock('door').acquire(), session.lock('door').acquire({ timeout: '1h' })];
    const ends = Promise.all(waits.map((wait) => rejectionOf(wait, RuntimeClosedError)));
    const inWorker = work(test, waitAndTell, test.project.path('told'));
    await stepsOf(inWorker)();
    const rejection = rejectionOf(inWorker, RuntimeClosedError);
    await within('the close', runtime.close({ timeout: 0 }));
    await within('all ends', Promise.all([ends, rejection]));
    for (const place of [shared, session]) {
      await rejectionOf(place.lock('door').acquire(), RuntimeClosedError);
      await rejectionOf(place.lock('another').tryAcquire(), RuntimeClosedError);
    }
    await rejectionOf(shared.session('too late').lock('door').acquire(), RuntimeClosedError);
  },
);

testShared(
  'who waits for a lock that is taken again and again has it also after others gave up',
  1,
  async (test) => {
    const { shared } = test;
    const rounds = 1000;
    const busy = work(
      test,
      async (shared, { rounds, uses }, { ctx }) => {
        const lock = shared.lock('door');
        for (let use = 0; use < uses; use++) (await lock.acquire()).release();
        const queue = shared.queue<number>('rounds');
        ctx.progress('is quick');
        for (let round = 0; round < rounds; round++) {
          for (let uses = await queue.get(); uses > 0; uses--) {
            const held = await lock.acquire();
            const end = performance.now() + 0.05;
            while (performance.now() < end);
            held.release();
          }
        }
      },
      { rounds, uses: usesUntilQuick },
    );
    await stepsOf(busy)();
    const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
    for (let round = 0; round < rounds; round++) {
      await shared.queue('rounds').put(1 + (round % 12));
      const controller = new AbortController();
      const first = shared.lock('door').acquire({ signal: controller.signal });
      first.then(
        (held) => held.release(),
        () => {},
      );
      for (let turn = 0; turn < round % 7; turn++) await nextTurn();
      controller.abort();
      const second = await within(`round ${round}`, shared.lock('door').acquire(), 10_000);
      second.release();
    }
    await within('the busy one', busy);
  },
);

testShared('what a session waits for ends with it', 1, async ({ shared }) => {
  const held = await shared.lock('door').acquire();
  const session = shared.session('a part');
  const waiting = session.lock('door').acquire();
  const event = session.event('never').wait();
  const hadAtOnce = session.lock('gate').acquire();
  session.end();
  const error = await rejectionOf(waiting, CancelledError);
  assert.match(String(error.cause), /a part has ended/);
  await rejectionOf(event, CancelledError);
  await assert.rejects(within('what it had', hadAtOnce), {
    code: 'SHARED_ENDED',
    message: /a part has ended/,
  });
  held.release();
  for (const name of ['door', 'gate']) (await within(name, shared.lock(name).acquire())).release();
});

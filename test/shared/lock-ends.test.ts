import assert from 'node:assert/strict';
import { CancelledError, RuntimeClosedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { stepsOf, testShared, usesUntilQuick, work } from './support.ts';

testShared(
  'the close of the runtime ends what the program waits for, and what it asks for later',
  2,
  async (test) => {
    const { runtime, shared } = test;
    await shared.lock('door').acquire();
    const session = shared.session('a part');
    const waits = [shared.lock('door').acquire(), session.lock('door').acquire({ timeout: '1h' })];
    const ends = Promise.all(waits.map((wait) => rejectionOf(wait, RuntimeClosedError)));
    const inWorker = work(test, async (shared, _none, { ctx }) => {
      const waiting = shared.lock('door').acquire();
      ctx.progress('waits');
      await waiting;
    });
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
            const end = performance.now() + 0.08;
            while (performance.now() < end);
            held.release();
          }
        }
      },
      { rounds, uses: usesUntilQuick },
    );
    await stepsOf(busy)();
    const lock = shared.lock('door');
    const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
    for (let round = 0; round < rounds; round++) {
      await shared.queue('rounds').put(2 + (round % 9));
      // From here on the worker has the lock, unless it is through already.
      for (let tries = 0; tries < 30; tries++) {
        const tried = await lock.tryAcquire();
        if (!tried) break;
        tried.release();
        await nextTurn();
      }
      const controller = new AbortController();
      const first = lock.acquire({ signal: controller.signal });
      first.then(
        (held) => held.release(),
        () => {},
      );
      for (let turn = 0; turn <= round % 5; turn++) await nextTurn();
      controller.abort();
      const second = await within(`round ${round}`, lock.acquire(), 10_000);
      second.release();
    }
    await within('the busy one', busy);
  },
);

testShared(
  'who comes after one that gave up has what a worker gave back and may have again',
  1,
  async (test) => {
    const { shared } = test;
    const ours = await shared.lock('door').acquire();
    const keeping = work(
      test,
      async (shared, uses, { ctx }) => {
        // From then on it has locks without a message.
        for (let use = 0; use < uses; use++) (await shared.lock('another').acquire()).release();
        const lock = shared.lock('door');
        const waiting = lock.acquire();
        ctx.progress('waits');
        const held = await waiting;
        // For as long as its clock stands still it may take again what it waited for, although others wait.
        const now = performance.now();
        performance.now = () => now;
        try {
          ctx.progress('has it');
          await shared.event('one waits').wait();
          held.release();
          const again = await lock.acquire();
          ctx.progress('has it again');
          await shared.event('another one waits').wait();
          again.release();
        } finally {
          Reflect.deleteProperty(performance, 'now');
        }
      },
      usesUntilQuick,
    );
    const step = stepsOf(keeping);
    assert.equal(await step(), 'waits');
    ours.release();
    assert.equal(await step(), 'has it');
    const controller = new AbortController();
    const first = rejectionOf(shared.lock('door').acquire({ signal: controller.signal }), CancelledError);
    await shared.event('one waits').set();
    assert.equal(await step(), 'has it again');
    controller.abort();
    await first;
    const second = shared.lock('door').acquire();
    await shared.event('another one waits').set();
    (await within('the second', second)).release();
    await within('the worker', keeping);
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

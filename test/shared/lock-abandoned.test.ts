import assert from 'node:assert/strict';
import { CancelledError, FunctionError, type HeldLock, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { type Job, type SharingTest, stepsOf, testShared, usesUntilQuick, work } from './support.ts';

interface Holding {
  readonly name: string;
  /** How often it has and gives back the lock before. */
  readonly uses: number;
  readonly end:
    | 'dies'
    | 'returns'
    | 'throws'
    | 'goes on'
    | 'heeds'
    | 'releases and dies'
    | 'releases and returns';
}

/** Has a lock, tells that, and ends in some way when it is told to go. */
const hold: Job<Holding, Promise<string>> = async (shared, { name, uses, end }, { ctx, delay, die }) => {
  for (let use = 0; use < uses; use++) (await shared.lock(name).acquire()).release();
  const held = await shared.lock(name).acquire();
  ctx.progress('has it');
  await shared.event('go').wait();
  if (end.startsWith('releases')) held.release();
  if (end === 'throws') throw new Error('as meant');
  if (end.endsWith('dies')) die();
  if (end === 'goes on') for (;;) await delay(1000);
  if (end === 'heeds') while (!ctx.signal.aborted) await delay(5);
  return end;
};

/** The next two who have the lock after that: one who waited and one who came later. */
async function nextTwo(
  { shared }: SharingTest,
  name: string,
  waiting: Promise<HeldLock>,
): Promise<boolean[]> {
  const first = await within('the one who waits', waiting);
  const second = shared.lock(name).acquire();
  first.release();
  const held = await within('the one after it', second);
  held.release();
  return [first.wasAbandoned, held.wasAbandoned];
}

for (const uses of [0, usesUntilQuick]) {
  const how = uses === 0 ? 'from the runtime' : 'without a message';

  testShared(`what a killed holder had ${how} is had by the next one, who alone is told`, 2, async (test) => {
    const holder = work(test, hold, { name: 'door', uses, end: 'dies' });
    await stepsOf(holder)();
    const waiting = test.shared.lock('door').acquire();
    await test.shared.event('go').set();
    await rejectionOf(holder, WorkerCrashedError);
    assert.deepEqual(await nextTwo(test, 'door', waiting), [true, false]);
  });

  testShared(
    `so it is when nobody waits for what was had ${how}, and a worker comes next`,
    1,
    async (test) => {
      const holder = work(test, hold, { name: 'door', uses, end: 'dies' });
      await test.shared.event('go').set();
      await rejectionOf(holder, WorkerCrashedError);
      const had = await work(
        test,
        async (shared, uses) => {
          // Also where this worker has used other locks without messages.
          for (let use = 0; use < uses; use++) (await shared.lock('another').acquire()).release();
          const first = await shared.lock('door').acquire();
          first.release();
          const second = await shared.lock('door').acquire();
          second.release();
          return [first.wasAbandoned, second.wasAbandoned];
        },
        uses,
      );
      assert.deepEqual(had, [true, false]);
    },
  );

  testShared(
    `what was had ${how} and given back before its holder was killed is not abandoned`,
    2,
    async (test) => {
      for (const isWaitedFor of [false, true]) {
        const name = `waited for: ${isWaitedFor}`;
        await test.shared.event('go').clear();
        const holder = work(test, hold, { name, uses, end: 'releases and dies' });
        await stepsOf(holder)();
        const waiting = isWaitedFor ? test.shared.lock(name).acquire() : undefined;
        await test.shared.event('go').set();
        await rejectionOf(holder, WorkerCrashedError);
        assert.deepEqual(
          await nextTwo(test, name, waiting ?? test.shared.lock(name).acquire()),
          [false, false],
          name,
        );
      }
    },
  );

  testShared(
    `an invocation that ends with a lock that it had ${how} gives it back, and that is logged`,
    2,
    async (test) => {
      for (const end of ['returns', 'throws'] as const) {
        await test.shared.event('go').clear();
        const holder = work(test, hold, { name: end, uses, end });
        await stepsOf(holder)();
        const waiting = test.shared.lock(end).acquire();
        await test.shared.event('go').set();
        if (end === 'throws') await rejectionOf(holder, FunctionError);
        else assert.equal(await within('the holder', holder), end);
        assert.deepEqual(await nextTwo(test, end, waiting), [true, false], end);
        await test.log.line(new RegExp(`^warn .*ended without giving back the lock "${end}"`));
      }
      const quiet = work(test, hold, { name: 'quiet', uses, end: 'releases and returns' });
      await within('one that gives it back', quiet);
      await work(test, (shared) =>
        shared
          .lock('last')
          .acquire()
          .then(() => {}),
      );
      await test.log.line(/the lock "last"/);
      assert.equal(test.log.lines.filter((line) => line.includes('the lock "quiet"')).length, 0);
    },
  );

  testShared(
    `an invocation that is cancelled or times out with a lock that it had ${how} leaves it`,
    2,
    async (test) => {
      for (const end of ['goes on', 'heeds'] as const) {
        for (const how of ['cancelled', 'timed out'] as const) {
          const name = `${end}, ${how}`;
          await test.shared.event('go').clear();
          const controller = new AbortController();
          const options = how === 'timed out' ? { timeout: '3s' } : { signal: controller.signal };
          const holder = work(test, hold, { name, uses, end }, options);
          await stepsOf(holder)();
          const waiting = test.shared.lock(name).acquire();
          await test.shared.event('go').set();
          controller.abort(new Error('enough'));
          await rejectionOf(holder, how === 'cancelled' ? CancelledError : TimeoutError);
          assert.deepEqual(await nextTwo(test, name, waiting), [true, false], name);
        }
      }
    },
    { killGrace: 50 },
  );
}

testShared(
  'a lock that was handed to somebody who was killed before seeing it is abandoned still',
  2,
  async (test) => {
    const { shared } = test;
    const first = await shared.lock('door').acquire();
    // It asks, and then computes: the answer lies there unread when it is killed.
    const blocked = work(test, async (shared, _none, { ctx, die }) => {
      void shared.lock('door').acquire();
      ctx.progress('asked');
      const end = Date.now() + 300;
      while (Date.now() < end);
      die();
    });
    await stepsOf(blocked)();
    const last = shared.lock('door').acquire();
    first.release();
    await rejectionOf(blocked, WorkerCrashedError);
    const held = await within('the last', last);
    assert.equal(held.wasAbandoned, true);
    held.release();
  },
);

testShared(
  'so is one that was handed to an invocation that ended without looking',
  1,
  async ({ shared, runtime }) => {
    const session = shared.session('a part');
    await session.lock('door').acquire();
    // It asks, and then computes to its end: the answer lies there unread.
    const blocked = work({ runtime }, (shared, _none, { ctx }) => {
      void shared.lock('door').acquire();
      ctx.progress('asked');
      for (const end = Date.now() + 300; Date.now() < end; );
    });
    await stepsOf(blocked)();
    const last = shared.lock('door').acquire();
    session.end();
    await within('the one who does not look', blocked);
    const held = await within('the last', last);
    assert.equal(held.wasAbandoned, true);
    held.release();
  },
);

testShared('a worker that has a lock without a message is told that it was abandoned', 2, async (test) => {
  const next = work(
    test,
    async (shared, uses, { ctx }) => {
      const lock = shared.lock('door');
      for (let use = 0; use < uses; use++) (await lock.acquire()).release();
      ctx.progress('is quick');
      await shared.event('its last holder is gone').wait();
      const told: boolean[] = [];
      for (let time = 0; time < 2; time++) await lock.run(({ wasAbandoned }) => void told.push(wasAbandoned));
      return told;
    },
    usesUntilQuick,
  );
  await stepsOf(next)();
  const holder = work(test, hold, { name: 'door', uses: 0, end: 'dies' });
  await stepsOf(holder)();
  await test.shared.event('go').set();
  await rejectionOf(holder, WorkerCrashedError);
  await test.shared.event('its last holder is gone').set();
  assert.deepEqual(await within('the next', next), [true, false]);
});

testShared('what a session holds when it ends is given back as abandoned', 1, async ({ shared }) => {
  const session = shared.session('a part');
  await session.lock('door').acquire();
  const waiting = shared.lock('door').acquire();
  session.end();
  session.end();
  const held = await within('the next', waiting);
  assert.equal(held.wasAbandoned, true);
  held.release();
  await assert.rejects(session.lock('door').acquire(), { code: 'SHARED_ENDED', message: /a part has ended/ });
});

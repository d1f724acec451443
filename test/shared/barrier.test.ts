import assert from 'node:assert/strict';
import { BrokenBarrierError, CancelledError, type Shared, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, work } from './support.ts';

/** Meets the others at the barrier, so many times, and returns the places in which it came. */
async function meet(shared: Shared, { parties, times }: { parties: number; times: number }) {
  const places: number[] = [];
  for (let time = 0; time < times; time++) places.push(await shared.barrier('line', { parties }).wait());
  return places;
}

testShared(
  'a barrier opens when all have come, each in a place of its own, again and again',
  3,
  async (test) => {
    const meeting = { parties: 4, times: 50 };
    const workers = [1, 2, 3].map(() => work(test, meet, meeting));
    const all = await within('all of them', Promise.all([...workers, meet(test.shared, meeting)]));
    for (let time = 0; time < meeting.times; time++) {
      assert.deepEqual(all.map((places) => places[time]).sort(), [0, 1, 2, 3], `round ${time}`);
    }
    assert.equal(await test.shared.barrier('alone', { parties: 1 }).wait(), 0);
  },
);

testShared('nobody passes a barrier before the last one has come', 2, async (test) => {
  const barrier = test.shared.barrier('line', { parties: 3 });
  const waiting = [1, 2].map(() => work(test, waitThere, 3));
  for (const invocation of waiting) await stepsOf(invocation)();
  assert.deepEqual(await barrier.look(), { waiting: 2, isBroken: false });
  assert.deepEqual(
    waiting.map(({ status }) => status),
    ['running', 'running'],
  );
  assert.equal(await barrier.wait(), 2);
  assert.deepEqual((await within('the others', Promise.all(waiting))).sort(), [0, 1]);
  assert.deepEqual(await barrier.look(), { waiting: 0, isBroken: false });
});

async function waitThere(shared: Shared, parties: number, { ctx, die }: Tools) {
  const waiting = shared.barrier('line', { parties }).wait();
  ctx.progress('waits');
  if (parties === 2) {
    await shared.event('die').wait();
    die();
  }
  return waiting.catch(({ name, code, message }: Error & { code: string }) => ({ name, code, message }));
}

testShared('one that gives up breaks it for all, until it is reset', 2, async (test) => {
  const barrier = test.shared.barrier('line', { parties: 3 });
  for (const how of ['timeout', 'signal'] as const) {
    const waiting = work(test, waitThere, 3);
    await stepsOf(waiting)();
    const controller = new AbortController();
    const own = barrier.wait(how === 'timeout' ? { timeout: 20 } : { signal: controller.signal });
    const rejection = rejectionOf(own, how === 'timeout' ? TimeoutError : CancelledError);
    controller.abort(new Error('enough'));
    const error = await rejection;
    assert.match(error.message, /^The barrier "line" was not passed .*: 2 of its 3 had come\.$/);
    const told = (await within('the other', waiting)) as { name: string; code: string; message: string };
    assert.deepEqual([told.name, told.code], ['BrokenBarrierError', 'BARRIER_BROKEN']);
    assert.match(told.message, /"line" is broken: the program gave up waiting.*reset\(\)/);
    await rejectionOf(barrier.wait(), BrokenBarrierError);
    assert.deepEqual(await work(test, (shared) => shared.barrier('line', { parties: 3 }).look()), {
      waiting: 0,
      isBroken: true,
    });
    await barrier.reset();
  }
  const whole = [1, 2].map(() => work(test, meet, { parties: 3, times: 1 }));
  await within('all of them', Promise.all([...whole, barrier.wait()]));
});

testShared(
  'one that is killed, is cancelled or returns while it waits breaks it as well',
  2,
  async (test) => {
    const barrier = test.shared.barrier('line', { parties: 2 });
    const ends = {
      async killed() {
        const waiting = work(test, waitThere, 2);
        await stepsOf(waiting)();
        await test.shared.event('die').set();
        await rejectionOf(waiting, WorkerCrashedError);
      },
      async cancelled() {
        await test.shared.event('die').clear();
        const waiting = work(test, waitThere, 2);
        await stepsOf(waiting)();
        waiting.cancel();
        await rejectionOf(waiting, CancelledError);
      },
      returns: async () =>
        void (await work(test, (shared) => void shared.barrier('line', { parties: 2 }).wait())),
    };
    for (const [how, end] of Object.entries(ends)) {
      await end();
      await until('the barrier to be broken', async () => (await barrier.look()).isBroken);
      await rejectionOf(barrier.wait(), BrokenBarrierError);
      await barrier.reset();
      assert.deepEqual(await barrier.look(), { waiting: 0, isBroken: false }, how);
    }
  },
);

testShared('abort breaks it also for those who come later, and reset for those who wait', 2, async (test) => {
  const barrier = test.shared.barrier('line', { parties: 3 });
  await barrier.abort();
  assert.deepEqual(await barrier.look(), { waiting: 0, isBroken: true });
  const late = (await work(test, waitThere, 3)) as { code: string; message: string };
  assert.match(late.message, /the program aborted it/);
  await work(test, (shared) => shared.barrier('line', { parties: 3 }).reset());
  const waiting = work(test, waitThere, 3);
  await stepsOf(waiting)();
  await barrier.reset();
  const told = (await within('who waits', waiting)) as { code: string; message: string };
  assert.match(told.message, /the program reset it/);
  assert.deepEqual(await barrier.look(), { waiting: 0, isBroken: false });
  const again = work(test, waitThere, 3);
  await stepsOf(again)();
  await barrier.abort();
  assert.equal(((await within('who waits', again)) as { code: string }).code, 'BARRIER_BROKEN');
});

testShared('all who meet agree on how many they are, which is a whole number from 1', 1, async (test) => {
  const own = rejectionOf(test.shared.barrier('line', { parties: 3 }).wait(), BrokenBarrierError);
  await assert.rejects(test.shared.barrier('line', { parties: 2 }).wait(), {
    code: 'SHARED_CONFLICT',
    message: /"line" has `parties` 3, and was asked for with 2/,
  });
  const told = await work(test, async (shared) => {
    const code = await shared
      .barrier('line', { parties: 4 })
      .wait()
      .catch(({ code }) => code);
    return [
      code,
      (() => {
        try {
          return shared.barrier('line', { parties: 1e300 }).name;
        } catch (error) {
          return (error as Error).name;
        }
      })(),
    ];
  });
  assert.deepEqual(told, ['SHARED_CONFLICT', 'TypeError']);
  for (const parties of [0, -1, 1.5, Number.NaN, '2', undefined]) {
    assert.throws(() => test.shared.barrier('line', { parties: parties as number }), TypeError);
  }
  await test.shared.barrier('line', { parties: 3 }).abort();
  await own;
});

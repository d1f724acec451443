import assert from 'node:assert/strict';
import { CancelledError, type Shared, type SharedSession } from 'warm-pool';
import { within } from '../support/wait.ts';
import { stepsOf, testShared, usesUntilQuick, work } from './support.ts';

/** More than can be done before a timer is late. */
const mostTimes = 100_000;

type Loop = (shared: SharedSession) => () => Promise<unknown>;

// Each is answered within its call, so that a loop over it never waits for anything.
const loops: Record<string, Loop> = {
  'puts into a queue': (shared) => () => shared.queue('items').put(1),
  'gets from a queue': (shared) => () => shared.queue('full').get(),
  'takes from a queue': (shared) => async () => (await shared.queue('full').take()).done(),
  'has a lock and gives it back': (shared) => async () => (await shared.lock('one').acquire()).release(),
  'sets an entry of a map': (shared) => () => shared.map('all').set('key', 1),
};

for (const [what, loop] of Object.entries(loops)) {
  testShared(
    `the event loop turns while a part of the program ${what} again and again`,
    1,
    async ({ shared }) => {
      const full = shared.session('who fills it').queue('full');
      if (what.includes('from')) for (let item = 0; item < mostTimes; item++) void full.put(item);
      let isTime = false;
      setTimeout(() => {
        isTime = true;
      }, 5);
      const step = loop(shared.session('part'));
      let times = 0;
      while (!isTime && times < mostTimes) {
        await step();
        times++;
      }
      assert(times < mostTimes, `the timer waited for ${times} times`);
    },
    { where: ['thread'] },
  );
}

testShared('the event loop turns, and items keep their order', 1, async ({ shared }) => {
  const count = 50_000;
  const putting = shared.session('who puts').queue<number>('items');
  const getting = shared.session('who gets').queue<number>('items');
  const had: number[] = [];
  // Some wait for an item that is not there yet, and the others find one.
  const readers = Array.from({ length: 10 }, async () => {
    for (;;) {
      const item = await getting.get();
      if (item < 0) return;
      had.push(item);
    }
  });
  for (let item = 0; item < count; item++) {
    void putting.put(item);
    if (item % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  for (const _ of readers) void putting.put(-1);
  await Promise.all(readers);
  assert.equal(had.length, count);
  assert(
    had.every((item, index) => item === index),
    'in their order',
  );
});

/** So many are had by a worker before it has anything without a message, and so many more are there. */
const itemsOfWorker = 20_000;

interface LongLoop {
  readonly what: 'locks' | 'gets' | 'puts';
  readonly before: number;
  readonly most: number;
}

/** Each time takes a moment. Returns how often it was done before ten timers of 5 ms were heard, one after another. */
async function timesUntilTimer(shared: Shared, { what, before, most }: LongLoop): Promise<number> {
  const lock = shared.lock('one');
  const queue = shared.queue<number>(what);
  const step = {
    locks: async () => (await lock.acquire()).release(),
    gets: () => queue.get(),
    puts: () => queue.put(1),
  }[what];
  for (let time = 0; time < before; time++) await step();
  let timers = 0;
  const hear = () => {
    timers++;
    setTimeout(hear, 5);
  };
  setTimeout(hear, 5);
  let times = 0;
  for (; timers < 10 && times < most; times++) {
    const until = performance.now() + 0.1;
    while (performance.now() < until);
    await step();
  }
  return times;
}

for (const what of ['locks', 'gets', 'puts'] as const) {
  testShared(`that of a worker turns while it ${what} again and again`, 1, async (test) => {
    const { shared } = test;
    const queue = shared.queue<number>('gets');
    for (let item = 0; item < itemsOfWorker; item++) void queue.put(item);
    const loop = { what, before: usesUntilQuick, most: itemsOfWorker - usesUntilQuick };
    const times = await work(test, timesUntilTimer, loop);
    assert(times < 8_000, `the timers waited for ${times} times`);
  });
}

testShared('a function that has a lock again and again hears that it is cancelled', 1, async (test) => {
  const loop = work(
    test,
    async (shared, before, { ctx }) => {
      const lock = shared.lock('one');
      for (let time = 0; !ctx.signal.aborted; time++) {
        (await lock.acquire()).release();
        if (time === before) ctx.progress('it goes on and on');
      }
      await shared.queue('ends').put('by itself');
    },
    usesUntilQuick,
  );
  await stepsOf(loop)();
  loop.cancel();
  await assert.rejects(loop, CancelledError);
  assert.equal(await within('its end', test.shared.queue('ends').get()), 'by itself');
});

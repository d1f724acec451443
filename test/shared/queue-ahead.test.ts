import assert from 'node:assert/strict';
import type { SharedQueue } from 'warm-pool';
import { within } from '../support/wait.ts';
import { stepsOf, testShared, told, usesUntilQuick, work } from './support.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** What waits until a reader has had all that there is, most of which was sent ahead to it. */
const waits: Record<string, (queue: SharedQueue<number>, limited: SharedQueue<number>) => Promise<void>> = {
  'who joins': (queue) => queue.join(),
  'who waits for room': (_queue, limited) => limited.put(-1),
};

for (const [who, wait] of Object.entries(waits)) {
  testShared(`${who} goes on when a reader has had what was sent ahead to it`, 1, async (test) => {
    const { shared } = test;
    const queue = shared.queue<number>('items');
    const uses = usesUntilQuick;
    const rest = 10;
    for (let item = 0; item < uses; item++) await queue.put(item);
    const reading = work(
      test,
      async (shared, { uses, rest }, { ctx }) => {
        const queue = shared.queue<number>('items');
        for (let use = 0; use < uses; use++) await queue.get();
        ctx.progress('is sent items ahead');
        await shared.event('there are more').wait();
        const had = [await queue.get()];
        ctx.progress('was sent the others along');
        await shared.event('one waits').wait();
        while (had.length < rest - 1) had.push(await queue.get());
        ctx.progress('has all but one');
        await shared.event('the last').wait();
        return [...had, await queue.get()];
      },
      { uses, rest },
    );
    const step = stepsOf(reading);
    await step();
    for (const item of numbers(rest)) await queue.put(item);
    await shared.event('there are more').set();
    await step();
    let isOver = false;
    const waiting = wait(queue, shared.queue('items', { maxSize: 1 })).then(() => {
      isOver = true;
    });
    await shared.event('one waits').set();
    await step();
    assert.equal(isOver, false);
    await shared.event('the last').set();
    assert.deepEqual(await within('the reader', reading), numbers(rest));
    await within(who, waiting);
  });
}

testShared('what the program gets lets those go on who join, and who wait for room', 2, async (test) => {
  const { shared } = test;
  await shared.queue('items').put('a');
  await shared.queue('items').put('b');
  const [joining] = await told(
    work(test, async (shared, _none, { ctx }) => {
      const joined = shared.queue('items').join();
      ctx.progress('joins');
      await joined;
      return 'joined';
    }),
  );
  assert.deepEqual([await shared.queue('items').get(), await shared.queue('items').get()], ['a', 'b']);
  assert.equal(await within('who joins', Promise.resolve(joining)), 'joined');
  await shared.queue('few', { maxSize: 1 }).put('a');
  const [putting] = await told(
    work(test, async (shared, _none, { ctx }) => {
      const put = shared.queue('few').put('b');
      ctx.progress('waits for room');
      await put;
      return 'put';
    }),
  );
  // Without the limit, as by somebody who knows nothing of it.
  assert.equal(await shared.queue('few').get(), 'a');
  assert.equal(await within('who puts', Promise.resolve(putting)), 'put');
  assert.equal(await shared.queue('few').get(), 'b');
});

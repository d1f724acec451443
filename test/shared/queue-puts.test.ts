import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type Shared, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { stepsOf, testShared, usesUntilQuick, work } from './support.ts';

testShared('what was put is in the queue, also when its worker is killed right after', 1, async (test) => {
  const { shared } = test;
  const count = 1000;
  const putting = work(
    test,
    async (shared, { uses, count }, { die }) => {
      for (let use = 0; use < uses; use++) await shared.queue('for practice').put(use);
      for (let item = 0; item < count; item++) await shared.queue('items').put(item);
      die();
    },
    { uses: usesUntilQuick, count },
  );
  await rejectionOf(putting, WorkerCrashedError);
  for (let item = 0; item < count; item++)
    assert.equal(await within(`item ${item}`, shared.queue('items').get()), item);
  assert.equal(await shared.queue('items').size(), 0);
});

/** Small items, and now and then a large one, which goes another way; none of them waits for the one before. */
async function putAtOnce(shared: Shared, { uses, count }: { uses: number; count: number }) {
  for (let use = 0; use < uses; use++) await shared.queue('for practice').put(use);
  const queue = shared.queue<[item: number, text: string]>('items');
  for (let item = 0; item < 10; item++) await queue.put([item, '']);
  const puts: Promise<void>[] = [];
  for (let item = 10; item < count; item++)
    puts.push(queue.put([item, item % 7 === 0 ? 'x'.repeat(10_000) : '']));
  await Promise.all(puts);
}

testShared('items that do not wait for each other are in the order of their puts', 1, async (test) => {
  const count = 3000;
  const args = { uses: usesUntilQuick, count };
  for (const put of [() => work(test, putAtOnce, args), () => putAtOnce(test.shared, args)]) {
    const putting = put();
    for (let item = 0; item < count; item++) {
      const [had] = await within('the next', test.shared.queue<[number, string]>('items').get());
      assert.equal(had, item);
    }
    await within('all puts', putting);
  }
});

const rounds = 20;
/** How many items are put in a round: more than can be before somebody else closes or limits the queue. */
const most = { close: 1_000_000, limit: 1000 };

for (const change of ['close', 'limit'] as const) {
  const what = change === 'close' ? 'closed' : 'given a limit';
  testShared(
    `what a worker puts while its queue is ${what} is in it once, or was refused`,
    1,
    async (test) => {
      const { shared } = test;
      const putting = work(
        test,
        async (shared, { rounds, most, uses }, { ctx }) => {
          for (let use = 0; use < uses; use++) await shared.queue('for practice').put(use);
          await shared.queue('for practice').clear();
          for (let round = 0; round < rounds; round++) {
            const queue = shared.queue<number>(`items ${round}`);
            let item = 0;
            // Then it needs no messages.
            while (item < 10) await queue.put(item++);
            ctx.progress(round);
            await shared.event(`round ${round}`).wait();
            try {
              while (item < most) {
                await queue.put(item);
                item++;
              }
            } catch (error) {
              if ((error as { code: string }).code !== 'QUEUE_CLOSED') throw error;
            }
            await shared.queue('counts').put(item);
          }
        },
        { rounds, most: most[change], uses: usesUntilQuick },
      );
      const step = stepsOf(putting);
      for (let round = 0; round < rounds; round++) {
        const name = `items ${round}`;
        assert.equal(await step(), round);
        await shared.event(`round ${round}`).set();
        await delay(Math.random() * 2);
        const had: number[] = [];
        if (change === 'close') await shared.queue(name).close();
        else {
          const first = await shared.queue<number>(name, { maxSize: 5 }).tryGet();
          had.push(first?.value as number);
          while (had.length < most.limit) had.push(await shared.queue<number>(name).get());
        }
        const count = await within('how many it put', shared.queue<number>('counts').get());
        await shared.queue(name).close();
        for await (const item of shared.queue<number>(name)) had.push(item);
        assert.equal(had.length, count, name);
        assert(
          had.every((item, index) => item === index),
          `${name}: each once, in order`,
        );
      }
      await within('its end', putting);
    },
  );
}

import assert from 'node:assert/strict';
import { CancelledError, type Shared, TimeoutError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, work } from './support.ts';

interface Puts {
  readonly who: string;
  readonly count: number;
  readonly maxSize?: number;
}

async function putAll(shared: Shared, { who, count, maxSize }: Puts) {
  const queue = shared.queue<[string, number]>('items', maxSize === undefined ? {} : { maxSize });
  for (let item = 0; item < count; item++) await queue.put([who, item]);
}

/** Reads to the end, and returns what it had. */
async function readAll(shared: Shared) {
  const all: [string, number][] = [];
  for await (const item of shared.queue<[string, number]>('items')) all.push(item);
  return all;
}

for (const maxSize of [undefined, 3]) {
  const how = maxSize === undefined ? 'without a limit' : `of ${maxSize}`;
  testShared(
    `a queue ${how} keeps the order of each who puts, and gives each item to one`,
    4,
    async (test) => {
      const count = 2000;
      const putting = ['a', 'b'].map((who) =>
        work(test, putAll, { who, count, ...(maxSize && { maxSize }) }),
      );
      const reading = [work(test, readAll), work(test, readAll)];
      const own = [
        putAll(test.shared, { who: 'p', count, ...(maxSize && { maxSize }) }),
        readAll(test.shared),
      ] as const;
      await within('all to be put', Promise.all([...putting, own[0]]), 60_000);
      await test.shared.queue('items').close();
      const read = await within('the readers', Promise.all([...reading, own[1]]), 60_000);
      for (const who of ['a', 'b', 'p']) {
        for (const items of read) {
          const numbers = items.filter(([by]) => by === who).map(([, number]) => number);
          assert.deepEqual(
            numbers,
            numbers.toSorted((a, b) => a - b),
            `the items of ${who}, in order`,
          );
        }
        const all = read
          .flat()
          .filter(([by]) => by === who)
          .map(([, number]) => number);
        assert.deepEqual(
          all.sort((a, b) => a - b),
          Array.from({ length: count }, (_, number) => number),
        );
      }
    },
  );
}

testShared(
  'one reader has the items of each in order, also when another one came and went',
  3,
  async (test) => {
    const count = 3000;
    const putting = ['a', 'b'].map((who) => work(test, putAll, { who, count }));
    const rest = work(test, async (shared, _none, { ctx }: Tools) => {
      const queue = shared.queue<[string, number]>('items');
      const some: [string, number][] = [];
      for (let index = 0; index < 500; index++) some.push(await queue.get());
      ctx.progress('has some');
      return some;
    });
    const some = await within('the first reader', rest);
    const closing = Promise.all(putting).then(() => test.shared.queue('items').close());
    const others = await within('the second reader', work(test, readAll));
    await closing;
    for (const who of ['a', 'b']) {
      const numbers = [...some, ...others].filter(([by]) => by === who).map(([, number]) => number);
      assert.deepEqual(
        numbers,
        Array.from({ length: count }, (_, number) => number),
        who,
      );
    }
  },
);

testShared('a full queue holds puts back, in line, until there is room', 2, async (test) => {
  const queue = test.shared.queue<string>('items', { maxSize: 2 });
  await queue.put('a');
  await queue.put('b');
  assert.equal(await queue.tryPut('none'), false);
  const putting = work(test, async (shared, _none, { ctx }: Tools) => {
    assertFull(await shared.queue('items').tryPut('none'));
    const asked = shared.queue('items').put('c');
    ctx.progress('waits');
    return asked;
    function assertFull(had: boolean) {
      if (had) throw new Error('there was room');
    }
  });
  await stepsOf(putting)();
  const own = queue.put('d');
  const late = await rejectionOf(queue.put('late', { timeout: 20 }), TimeoutError);
  assert.equal(late.message, 'The queue "items" had no room within 20 ms: it holds 2 items.');
  const reason = new Error('enough');
  assert.equal(
    (await rejectionOf(queue.put('x', { signal: AbortSignal.abort(reason) }), CancelledError)).cause,
    reason,
  );
  assert.equal(await queue.size(), 2);
  assert.equal(putting.status, 'running');
  assert.equal(await queue.get(), 'a');
  await within('the first who waits', putting);
  assert.equal(await queue.get(), 'b');
  await within('the second', own);
  assert.deepEqual([await queue.get(), await queue.get(), await queue.tryGet()], ['c', 'd', undefined]);
  assert.equal(await queue.tryPut('e'), true);
  assert.deepEqual(await queue.tryGet(), { value: 'e' });
  await queue.put('f');
  await assert.rejects(test.shared.queue('items', { maxSize: 3 }).put('g'), { code: 'SHARED_CONFLICT' });
});

testShared('an item is had by who asked first, and by nobody who gave up', 3, async (test) => {
  const queue = test.shared.queue<number>('items');
  const gone = work(test, (shared) =>
    shared
      .queue('items')
      .get({ timeout: 30 })
      .catch(({ code, message }) => ({ code, message })),
  );
  const told = (await within('the one who gives up', gone)) as { code: string; message: string };
  assert.deepEqual(told, {
    code: 'TIMEOUT',
    message: 'The queue "items" gave nothing within 30 ms: it is empty.',
  });
  const getting = async (shared: Shared, _none: undefined, { ctx }: Tools) => {
    const asked = shared.queue<number>('items').get();
    ctx.progress('waits');
    return asked.finally(() => ctx.signal.aborted && shared.event('gave up').set());
  };
  const cancelled = work(test, getting);
  await stepsOf(cancelled)();
  const first = work(test, getting);
  await stepsOf(first)();
  const second = queue.get();
  cancelled.cancel();
  await rejectionOf(cancelled, CancelledError);
  await within('it to give up', test.shared.event('gave up').wait());
  await queue.put(1);
  await queue.put(2);
  assert.deepEqual(await within('both', Promise.all([first, second])), [1, 2]);
});

testShared('gets that time out or are cancelled while items come lose none', 3, async (test) => {
  const count = 1000;
  const putting = work(
    test,
    async (shared, count, { delay }) => {
      for (let item = 0; item < count; item++) {
        await shared.queue('items').put(item);
        if (item % 20 === 0) await delay(1);
      }
      await shared.queue('items').close();
    },
    count,
  );
  const getting = async (shared: Shared) => {
    const had: number[] = [];
    for (let time = 0; ; time++) {
      const controller = new AbortController();
      const asked = shared
        .queue<number>('items')
        .get(time % 2 ? { timeout: 0.5 } : { signal: controller.signal });
      if (time % 2 === 0) setImmediate(() => controller.abort());
      const error = await asked.then(
        (item) => void had.push(item),
        ({ code }: { code: string }) => code,
      );
      if (error === 'QUEUE_CLOSED') return had;
      if (error !== undefined && error !== 'TIMEOUT' && error !== 'CANCELLED') throw new Error(error);
    }
  };
  const all = await within(
    'all of them',
    Promise.all([work(test, getting), work(test, getting), getting(test.shared), putting]),
    60_000,
  );
  const had = all.flatMap((items) => items ?? []);
  assert.deepEqual(
    had.sort((a, b) => a - b),
    Array.from({ length: count }, (_, item) => item),
  );
});

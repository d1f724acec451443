import assert from 'node:assert/strict';
import { QueueClosedError, SerializationError, type Shared } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, work } from './support.ts';

testShared('close ends those who wait; who reads has what there is, and then the end', 2, async (test) => {
  const full = test.shared.queue<string>('full', { maxSize: 1 });
  await full.put('a');
  const putting = work(test, async (shared, _none, { ctx }: Tools) => {
    const asked = shared.queue('full').put('b');
    ctx.progress('waits');
    return asked.catch(({ name, code }) => [name, code]);
  });
  await stepsOf(putting)();
  const own = rejectionOf(full.put('c'), QueueClosedError);
  await full.close();
  assert.deepEqual(await within('who puts', putting), ['QueueClosedError', 'QUEUE_CLOSED']);
  assert.equal((await own).message, 'The queue "full" has been closed.');
  await rejectionOf(full.put('d'), QueueClosedError);
  await rejectionOf(full.tryPut('d'), QueueClosedError);
  assert.deepEqual(await work(test, (shared) => shared.queue('full').get()), 'a');
  await rejectionOf(full.get(), QueueClosedError);
  await rejectionOf(full.take(), QueueClosedError);
  await rejectionOf(full.tryGet(), QueueClosedError);
  const reading = work(test, async (shared, _none, { ctx }: Tools) => {
    const asked = shared.queue('empty').get();
    ctx.progress('waits');
    return asked.catch(({ code }) => code);
  });
  await stepsOf(reading)();
  const iterating = (async () => {
    for await (const item of test.shared.queue('empty')) return [item];
    return [];
  })();
  await work(test, (shared) => shared.queue('empty').close());
  assert.equal(await within('who reads', reading), 'QUEUE_CLOSED');
  assert.deepEqual(await within('who iterates', iterating), []);
  await test.shared.queue('empty').close();
  const late = await work(test, (shared) =>
    shared
      .queue('empty')
      .put(1)
      .catch(({ code }) => code),
  );
  assert.equal(late, 'QUEUE_CLOSED');
});

testShared('items that JSON can not carry, and large ones, arrive as they were sent', 2, async (test) => {
  const echo = async (shared: Shared, count: number) => {
    for (let item = 0; item < count; item++)
      await shared.queue('back').put(await shared.queue('there').get());
  };
  const large = Buffer.alloc(10 * 2 ** 20, 'large');
  const items = [
    undefined,
    null,
    0,
    Number.NaN,
    2n ** 70n,
    new Map([[new Date(1), new Set(['a'])]]),
    '😀',
    [undefined],
    large,
    'x'.repeat(2 ** 20),
  ];
  const echoing = work(test, echo, items.length);
  for (const item of items) await test.shared.queue('there').put(item);
  large.fill(0);
  for (const item of items) {
    const back = await within('it to come back', test.shared.queue('back').get());
    if (item === large) assert(Buffer.isBuffer(back) && back.equals(Buffer.alloc(large.length, 'large')));
    else assert.deepEqual(back, item);
  }
  await within('the end', echoing);
  await rejectionOf(
    test.shared.queue('there').put(() => {}),
    SerializationError,
  );
  const inWorker = work(test, (shared) =>
    shared
      .queue('there')
      .put([Symbol('none')])
      .catch(({ name, path }) => [name, path]),
  );
  assert.deepEqual(await inWorker, ['SerializationError', 'item[0]']);
  assert.equal(await test.shared.queue('there').size(), 0);
});

testShared('clear throws away what is in line, and lets those go on who wait for room', 2, async (test) => {
  const queue = test.shared.queue<number>('items', { maxSize: 2 });
  for (const item of [1, 2]) await queue.put(item);
  const third = queue.put(3);
  await work(test, (shared) => shared.queue('items').clear());
  await within('who waits for room', third);
  assert.deepEqual([await queue.size(), await queue.get(), await queue.tryGet()], [1, 3, undefined]);
  const many = test.shared.queue<number>('many');
  await work(test, async (shared) => {
    for (let item = 0; item < 500; item++) await shared.queue('many').put(item);
  });
  assert.equal(await many.size(), 500);
  await many.clear();
  assert.deepEqual([await many.size(), await many.tryGet()], [0, undefined]);
});

testShared('what a queue can not be, or be asked for, is a TypeError', 1, async ({ shared }) => {
  for (const maxSize of [0, -1, 1.5, Number.NaN, '5']) {
    assert.throws(() => shared.queue('items', { maxSize: maxSize as number }), TypeError);
  }
  assert.throws(() => shared.queue('items', { size: 5 } as object), /no option `size`/);
  assert.throws(() => shared.queue(''), TypeError);
  const queue = shared.queue('items');
  for (const ask of [
    () => queue.get({ timeout: -1 }),
    () => queue.put(1, { timeout: 'soon' }),
    () => queue.take({ tries: 1 } as object),
  ]) {
    await assert.rejects(ask, TypeError);
  }
  assert.equal(await queue.size(), 0);
});

import assert from 'node:assert/strict';
import { within } from '../support/wait.ts';
import { stepsOf, testShared, usesUntilQuick, work } from './support.ts';

const conflict = { code: 'SHARED_CONFLICT' };

testShared('a queue keeps its maxSize while nothing is in it and nobody uses it', 2, async (test) => {
  const { shared } = test;
  const limited = shared.queue('items', { maxSize: 2 });
  await limited.put('a');
  assert.equal(await limited.get(), 'a');
  const inWorker = await work(test, async (shared) => {
    const queue = shared.queue('items');
    const puts: boolean[] = [];
    for (let item = 0; item < 3; item++) puts.push(await queue.tryPut(item));
    return puts;
  });
  assert.deepEqual(inWorker, [true, true, false]);
  await shared.queue('items').clear();
  assert.equal(await limited.tryPut('b'), true);
  await shared.queue('items').clear();
  await assert.rejects(shared.queue('items', { maxSize: 3 }).put('c'), {
    ...conflict,
    message: /"items" has `maxSize` 2, and was asked for with 3/,
  });
  assert.equal(await limited.size(), 0);
});

testShared(
  'it keeps that, and that it is closed, when its worker ends and others are used',
  1,
  async (test) => {
    const { shared } = test;
    const used = await work(test, async (shared) => {
      await shared.queue('limited', { maxSize: 1 }).put('a');
      await shared.queue('ended').close();
      return shared.queue('limited').get();
    });
    assert.equal(used, 'a');
    await work(test, (_shared, _none, { die }) => die()).catch(() => {});
    for (let index = 0; index < 5000; index++) await shared.queue(`other ${index}`, { maxSize: 5 }).tryPut(1);
    assert.deepEqual(
      [await shared.queue('limited').tryPut(1), await shared.queue('limited').tryPut(2)],
      [true, false],
    );
    await assert.rejects(shared.queue('ended').put(1), { code: 'QUEUE_CLOSED' });
    await assert.rejects(shared.queue('ended').get(), { code: 'QUEUE_CLOSED' });
  },
);

testShared('who gives a maxSize first decides, however fast others put without one', 2, async (test) => {
  const { shared } = test;
  const warmUps = usesUntilQuick;
  const putting = work(
    test,
    async (shared, warmUps, { ctx }) => {
      const queue = shared.queue('items');
      for (let item = 0; item < warmUps; item++) await queue.put(item);
      ctx.progress('warm');
      await shared.event('go').wait();
      for (let item = 0; item < 10; item++) {
        await queue.put(item);
        ctx.progress(item);
      }
    },
    warmUps,
  );
  const next = stepsOf(putting);
  await next();
  const limited = shared.queue('items', { maxSize: 3 });
  assert.equal(await limited.tryPut('too many'), false);
  assert.equal(await limited.size(), warmUps);
  for (let item = 0; item < warmUps; item++) assert.equal(await limited.get(), item);
  await shared.event('go').set();
  for (let item = 0; item < 3; item++) assert.equal(await next(), item);
  const fourth = next();
  assert.equal(await work(test, (shared) => shared.queue('items').tryPut('too many')), false);
  assert.equal(await limited.size(), 3);
  await assert.rejects(shared.queue('items', { maxSize: 4 }).put('b'), conflict);
  assert.equal(await limited.get(), 0);
  assert.equal(await fourth, 3);
  for (let item = 1; item < 10; item++) assert.equal(await within('the rest', limited.get()), item);
  await within('its end', putting);
});

import assert from 'node:assert/strict';
import { type Delivery, type Shared, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, work } from './support.ts';

type End = 'dies' | 'returns' | 'throws' | 'is cancelled' | 'done and dies' | 'putBack';

/** Takes an item, tells that, and ends in some way. */
async function takeOne(shared: Shared, end: End, { ctx, delay, die }: Tools) {
  const delivery = await shared.queue<string>('photos').take();
  ctx.progress([delivery.value, delivery.returns]);
  await shared.event('go').wait();
  if (end === 'done and dies') await delivery.done();
  if (end === 'putBack') await delivery.putBack();
  if (end.endsWith('dies')) die();
  if (end === 'throws') throw new Error('as meant');
  while (end === 'is cancelled' && !ctx.signal.aborted) await delay(5);
}

testShared('what was taken by one that is killed or ends comes back, before all others', 2, async (test) => {
  const { shared } = test;
  const photos = shared.queue<string>('photos');
  await photos.put('a');
  await photos.put('b');
  let returns = 0;
  for (const end of ['dies', 'returns', 'throws', 'is cancelled', 'putBack'] as const) {
    await shared.event('go').clear();
    const taking = work(test, takeOne, end);
    assert.deepEqual(await stepsOf(taking)(), ['a', returns++], end);
    assert.equal(await photos.size(), 1);
    await shared.event('go').set();
    if (end === 'is cancelled') taking.cancel();
    await within('its end', Promise.allSettled([taking]));
    await until('it to be back', async () => (await photos.size()) === 2);
  }
  const first = await photos.take();
  assert.deepEqual([first.value, first.returns], ['a', 5]);
  await first.done();
  const second = await photos.take();
  assert.deepEqual([second.value, second.returns], ['b', 0]);
  await second.done();
  assert.equal(await photos.size(), 0);
});

testShared('one who waits has at once what comes back', 2, async (test) => {
  await test.shared.queue('photos').put('a');
  const taking = work(test, takeOne, 'dies' as End);
  await stepsOf(taking)();
  const next = test.shared.queue<string>('photos').take();
  await test.shared.event('go').set();
  await rejectionOf(taking, WorkerCrashedError);
  const delivery = await within('it', next);
  assert.deepEqual([delivery.value, delivery.returns], ['a', 1]);
  await delivery.done();
});

testShared('what is done never comes back, nor what was had by get', 2, async (test) => {
  const photos = test.shared.queue<string>('photos');
  await test.shared.event('go').set();
  await photos.put('a');
  await rejectionOf(work(test, takeOne, 'done and dies' as End), WorkerCrashedError);
  await photos.put('b');
  const getting = work(test, async (shared, _none, { die }) => {
    await shared.queue('photos').get();
    die();
  });
  await rejectionOf(getting, WorkerCrashedError);
  await photos.put('c');
  assert.deepEqual([await photos.get(), await photos.tryGet()], ['c', undefined]);
});

testShared('a delivery is settled once, and put back at the end of its block', 1, async ({ shared }) => {
  const photos = shared.queue<string>('photos');
  await photos.put('a');
  const done = await photos.take();
  await done.done();
  await done.done();
  await done.putBack();
  await done[Symbol.asyncDispose]();
  assert.equal(await photos.size(), 0);
  await photos.put('b');
  const back = await photos.take();
  await back[Symbol.asyncDispose]();
  await back.putBack();
  await back.done();
  assert.equal(await photos.size(), 1);
  assert.equal((await photos.take()).returns, 1);
});

testShared('what comes back is as it was put, whatever was done to it', 1, async (test) => {
  const photos = test.shared.queue<Buffer>('photos');
  const photo = Buffer.alloc(2 ** 20, 'photo');
  await photos.put(photo);
  for (const place of ['program', 'worker', 'program']) {
    if (place === 'worker') {
      await work(test, async (shared) => {
        const { value } = await shared.queue<Buffer>('photos').take();
        value.fill(0);
      });
    } else {
      const delivery = await within('it', photos.take());
      assert(delivery.value.equals(photo));
      delivery.value.fill(0);
      await delivery.putBack();
    }
  }
  assert((await photos.get()).equals(photo));
});

testShared('what comes back keeps its order with the other items', 1, async ({ shared }) => {
  const photos = shared.queue<string>('photos');
  for (const photo of ['a', 'b', 'c', 'd']) await photos.put(photo);
  const session = shared.session('a reader');
  const taken: Delivery<string>[] = [];
  for (let index = 0; index < 3; index++) taken.push(await session.queue<string>('photos').take());
  await taken[1]?.done();
  session.end();
  const rest: unknown[] = [];
  for (let index = 0; index < 3; index++) rest.push(await photos.get());
  assert.deepEqual(rest, ['a', 'c', 'd']);
  assert.equal(await photos.tryGet(), undefined);
});

testShared('what comes back comes before what others were sent ahead', 1, async (test) => {
  const { shared } = test;
  const photos = shared.queue<number>('photos');
  const count = 5000;
  const reading = work(
    test,
    async (shared, count, { ctx }) => {
      const photos = shared.queue<number>('photos');
      const had: number[] = [];
      while (had.length < count) had.push(await photos.get());
      ctx.progress('has some');
      await shared.event('go').wait();
      for (let index = 0; index < count; index++) had.push(await photos.get());
      return had;
    },
    count,
  );
  for (let photo = 0; photo < 2 * count; photo++) await photos.put(photo);
  await stepsOf(reading)();
  const [first, second] = [await photos.take(), await photos.take()];
  assert.deepEqual([first.value, second.value], [count, count + 1]);
  await second.putBack();
  await first.putBack();
  await shared.event('go').set();
  assert.deepEqual(
    await within('the rest', reading),
    Array.from({ length: 2 * count }, (_, photo) => photo),
  );
});

testShared('join waits until all was had and is done, also what came back', 2, async (test) => {
  const { shared } = test;
  const photos = shared.queue<string>('photos');
  await within('an empty one', photos.join());
  await photos.put('a');
  const late = await rejectionOf(photos.join({ timeout: 20 }), TimeoutError);
  assert.equal(
    late.message,
    'The queue "photos" was not worked off within 20 ms: 1 items are in it, and 0 are not done.',
  );
  const taking = work(test, takeOne, 'dies' as End);
  await stepsOf(taking)();
  let isJoined = false;
  const joining = photos.join().then(() => {
    isJoined = true;
  });
  const joiner = work(test, (shared) =>
    shared
      .queue('photos')
      .join()
      .then(() => 'joined'),
  );
  assert.match(
    (await rejectionOf(photos.join({ timeout: 20 }), TimeoutError)).message,
    /0 items are in it, and 1 are not done/,
  );
  await shared.event('go').set();
  await rejectionOf(taking, WorkerCrashedError);
  const again = await within('what came back', photos.take());
  assert.equal(isJoined, false);
  await again.done();
  await within('the joins', Promise.all([joining, joiner]));
  await photos.put('b');
  const cleared = photos.join();
  await photos.clear();
  await within('the join of what was thrown away', cleared);
});

testShared('a closed queue still gives what comes back', 2, async (test) => {
  const photos = test.shared.queue<string>('photos');
  await photos.put('a');
  const taking = work(test, takeOne, 'dies' as End);
  await stepsOf(taking)();
  await photos.put('b');
  await photos.close();
  const other = await photos.take();
  assert.equal(other.value, 'b');
  await other.done();
  await test.shared.event('go').set();
  await rejectionOf(taking, WorkerCrashedError);
  const delivery = await within('it', photos.take());
  assert.deepEqual([delivery.value, delivery.returns], ['a', 1]);
  await delivery.done();
  await assert.rejects(photos.take(), { code: 'QUEUE_CLOSED' });
});

import assert from 'node:assert/strict';
import type { Shared } from 'warm-pool';
import { within } from '../support/wait.ts';
import { stepsOf, type Tools, testShared, usesUntilQuick, work } from './support.ts';

/** Puts into these queues without messages, one item at each `go`. */
async function putEach(
  shared: Shared,
  { names, warmUps }: { names: string[]; warmUps: number },
  { ctx }: Tools,
) {
  for (let time = 0; time < warmUps; time++) {
    for (const name of new Set(names)) await shared.queue(name).put('for practice');
  }
  for (const name of new Set(names)) await shared.queue(name).clear();
  ctx.progress('warm');
  for (const [index, name] of names.entries()) {
    await shared.event(`go ${index}`).wait();
    await shared.queue(name).put(index);
  }
}

for (const names of [
  ['a', 'a', 'a'],
  ['a', 'b', 'a', 'b'],
]) {
  testShared(`each who waits has the next item that a worker puts (${names.join(', ')})`, 1, async (test) => {
    const { shared } = test;
    const putting = work(test, putEach, { names, warmUps: usesUntilQuick });
    await stepsOf(putting)();
    const gets = names.map((name, index) => shared.session(`reader ${index}`).queue(name).get());
    for (const [index, get] of gets.entries()) {
      await shared.event(`go ${index}`).set();
      assert.equal(await within(`item ${index} of ${names[index]}`, get), index);
    }
    await within('its end', putting);
  });
}

testShared('one who waits before a worker has begun has all that it puts', 1, async (test) => {
  const { shared } = test;
  const count = 3 * usesUntilQuick;
  const first = shared.queue('items').get();
  const putting = work(
    test,
    async (shared, count, { delay }) => {
      for (let item = 0; item < count; item++) {
        await shared.queue('items').put(item);
        if (item % 100 === 0) await delay(1);
      }
    },
    count,
  );
  const had = [await within('the first', first)];
  while (had.length < count) had.push(await within(`item ${had.length}`, shared.queue('items').get()));
  assert.deepEqual(
    had,
    Array.from({ length: count }, (_, item) => item),
  );
  await within('its end', putting);
});

testShared('who joins waits for what a worker has put before the last one was done', 2, async (test) => {
  const { shared } = test;
  const putting = work(test, putEach, { names: ['a', 'a'], warmUps: usesUntilQuick });
  await stepsOf(putting)();
  await shared.event('go 0').set();
  const first = await within('the first', shared.queue('a').take());
  let isJoined = false;
  const joining = shared
    .queue('a')
    .join()
    .then(() => {
      isJoined = true;
    });
  await shared.event('go 1').set();
  await within('its end', putting);
  await first.done();
  const second = await within('the second', shared.queue('a').take());
  assert.equal(isJoined, false);
  await second.done();
  await within('the join', joining);
});

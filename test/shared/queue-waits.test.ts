import assert from 'node:assert/strict';
import fs from 'node:fs';
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

testShared('many who wait before a worker has begun each have an item of it', 1, async (test) => {
  const { shared } = test;
  const readers = Array.from({ length: 20 }, (_, index) => index);
  const gets = readers.map((index) => shared.session(`reader ${index}`).queue<number>('items').get());
  await work(
    test,
    async (shared, { uses, count }) => {
      for (let use = 0; use < uses; use++) await shared.queue('for practice').put(use);
      for (let item = 0; item < count; item++) await shared.queue('items').put(item);
    },
    { uses: usesUntilQuick, count: readers.length },
  );
  assert.deepEqual(await within('all of them', Promise.all(gets)), readers);
});

testShared('no item is overlooked that is put just when somebody begins to wait', 1, async (test) => {
  const { shared } = test;
  const rounds = 3000;
  const file = test.project.path('had');
  fs.writeFileSync(file, new Int32Array(1));
  const putting = work(
    test,
    async (shared, { file, rounds, uses }, { fs }) => {
      for (let use = 0; use < uses; use++) await shared.queue('for practice').put(use);
      const fd = fs.openSync(file, 'r');
      const had = new Int32Array(1);
      for (let item = 0; item < rounds; item++) {
        // Told by a file: a message would bring along what was overlooked.
        do fs.readSync(fd, had, 0, had.byteLength, 0);
        while ((had[0] as number) < item);
        for (const end = performance.now() + Math.random() / 20; performance.now() < end; );
        await shared.queue('items').put(item);
      }
      fs.closeSync(fd);
    },
    { file, rounds, uses: usesUntilQuick },
  );
  const fd = fs.openSync(file, 'r+');
  test.t.after(() => fs.closeSync(fd));
  for (let item = 0; item < rounds; item++) {
    assert.equal(await within(`item ${item}`, shared.queue('items').get()), item);
    fs.writeSync(fd, Int32Array.of(item + 1), 0, Int32Array.BYTES_PER_ELEMENT, 0);
  }
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

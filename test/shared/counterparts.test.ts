import assert from 'node:assert/strict';
import { type Shared, TimeoutError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';
import { testShared, work } from './support.ts';

// What docs/compared.md has as the counterpart of something of multiprocessing, and that no other test is about.

testShared(
  'a queue tells how many items it has, and who does not wait is told at once that it is empty or full',
  1,
  async (test) => {
    const using = async (shared: Shared, name: string) => {
      const queue = shared.queue<string>(name, { maxSize: 2 });
      const told: unknown[] = [await queue.size(), await queue.tryGet()];
      told.push(await queue.tryPut('a'), await queue.size());
      told.push(await queue.tryPut('b'), await queue.size(), await queue.tryPut('c'), await queue.size());
      told.push(await queue.tryGet(), await queue.get(), await queue.size());
      return told;
    };
    const told = [0, undefined, true, 1, true, 2, false, 2, { value: 'a' }, 'b', 0];
    assert.deepEqual(await using(test.shared, 'ours'), told);
    assert.deepEqual(await work(test, using, 'theirs'), told);
  },
);

testShared('a semaphore that begins with none is had as often as it was added to', 2, async (test) => {
  const none = { permits: 0, bounded: false };
  const ready = test.shared.semaphore('ready', none);
  assert.equal((await ready.tryAcquire())?.name, undefined);
  const { message } = await rejectionOf(ready.acquire({ timeout: 20 }), TimeoutError);
  assert.equal(
    message,
    'The semaphore "ready" gave no permit within 20 ms: it has none yet, until one is added.',
  );
  const own = ready.acquire();
  await work(
    test,
    async (shared, none) => {
      for (let time = 0; time < 3; time++) await shared.semaphore('ready', none).add();
    },
    none,
  );
  await within('the one who waits', own);
  const had = await work(test, async (shared) => {
    const permits = [];
    for (let time = 0; time < 3; time++) permits.push(await shared.semaphore('ready').tryAcquire());
    for (const permit of permits) permit?.release();
    return permits.map(Boolean);
  });
  assert.deepEqual(had, [true, true, false]);
  assert.throws(() => test.shared.semaphore('fixed', { permits: 0 }), TypeError);
  assert.throws(() => test.shared.semaphore('less', { permits: -1, bounded: false }), TypeError);
});

testShared(
  'what is to be done once where all meet is done by the first of them, and the others wait for it',
  3,
  async (test) => {
    const meeting = async (shared: Shared, rounds: number) => {
      const line = shared.barrier('line', { parties: 4 });
      const actions = shared.map<number>('actions');
      const seen: unknown[] = [];
      for (let round = 0; round < rounds; round++) {
        if ((await line.wait()) === 0) await actions.increment('done');
        await line.wait();
        seen.push(await actions.get('done'));
        await line.wait();
      }
      return seen;
    };
    const rounds = 10;
    const workers = [1, 2, 3].map(() => work(test, meeting, rounds));
    const seen = await within('all of them', Promise.all([...workers, meeting(test.shared, rounds)]));
    for (const each of seen) {
      assert.deepEqual(
        each,
        Array.from({ length: rounds }, (_, round) => round + 1),
      );
    }
  },
);

testShared(
  'a number, an array, a list and a namespace are values of a map, and no change of them is lost',
  3,
  async (test) => {
    const times = 50;
    const changing = async (shared: Shared, times: number) => {
      const values = shared.map<unknown>('values');
      for (let time = 0; time < times; time++) {
        await values.increment('number');
        await values.update('array', (array) => (array as Float64Array).map((each) => each + 0.5));
        await values.update('list', (list = []) => [...(list as number[]), time]);
        await values.update('namespace', (space) => {
          const { count = 0 } = (space ?? {}) as { count?: number };
          return { count: count + 1, last: time };
        });
      }
    };
    const values = test.shared.map<unknown>('values');
    await values.set('array', new Float64Array(3));
    const workers = [1, 2, 3].map(() => work(test, changing, times));
    await within('all of them', Promise.all([...workers, changing(test.shared, times)]));
    assert.equal(await values.get('number'), 4 * times);
    assert.deepEqual(await values.get('array'), new Float64Array(3).fill(2 * times));
    const list = (await values.get('list')) as number[];
    assert.deepEqual(
      list.toSorted((a, b) => a - b),
      Array.from({ length: 4 * times }, (_, index) => Math.floor(index / 4)),
    );
    assert.deepEqual(await values.get('namespace'), { count: 4 * times, last: times - 1 });
    const gone = await work(test, (shared) => shared.map('values').delete('list'));
    assert.deepEqual([gone, await values.has('list'), await values.size()], [true, false, 3]);
  },
);

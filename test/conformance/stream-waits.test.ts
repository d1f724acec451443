import assert from 'node:assert/strict';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { givenOf, passTime, readAll, streams } from './support-stream.ts';

const first = 4;
const most = 32;

testEach('a function whose parts nobody reads waits at its yield, and loses none', async (_t, open) => {
  const opened = await open({ max: 2 }, streams);
  const counting = opened.runtime.stream<number>('count', { to: 1_000 });
  await until('the first parts', () => givenOf(opened) === first);
  await passTime(opened);
  assert.equal(givenOf(opened), first);
  assert.equal(counting.status, 'running');
  for (let read = 1; read <= 10; read++) {
    assert.equal((await within('a part', counting.next())).value, read - 1);
    await passTime(opened);
    const given = givenOf(opened);
    assert(given > read && given <= read + first, `${given} were given when ${read} had been read`);
  }
  const [rest] = await readAll(counting);
  assert.deepEqual(
    rest,
    Array.from({ length: 990 }, (_, index) => index + 10),
  );
});

testEach('a function is not far ahead of a reader who keeps up, either', async (_t, open) => {
  const opened = await open({ max: 2 }, streams);
  const counting = opened.runtime.stream<number>('count', {});
  let read = 0;
  for (const stop of [10_000, 10_001, 30_000]) {
    for (; read < stop; read++) assert.equal((await counting.next()).value, read);
    await passTime(opened);
    const given = givenOf(opened);
    assert(given >= read && given <= read + most, `${given} were given when ${read} had been read`);
  }
  await counting.return();
});

testEach('large parts are waited for by their size', async (_t, open) => {
  const opened = await open({ max: 2 }, streams);
  for (const [bytes, ahead] of [
    [100_000, 3],
    [1_000_000, 1],
  ] as const) {
    const before = givenOf(opened);
    const counting = opened.runtime.stream<Buffer>('count', { to: 50, bytes });
    await until('the first part', () => givenOf(opened) > before);
    for (let read = 1; read <= 20; read++) {
      await within('a part', counting.next());
      if (read % 5 > 0) continue;
      await passTime(opened);
      const given = givenOf(opened) - before;
      assert(given <= read + ahead, `${given} were given when ${read} had been read`);
    }
    const [rest] = await readAll(counting);
    assert.deepEqual([rest.length, rest.at(-1)], [30, Buffer.alloc(bytes, 49)]);
  }
});

testEach('a reader who takes his time keeps nobody from the only worker', async (_t, open) => {
  const opened = await open({ min: 1, max: 1 }, streams);
  const { runtime } = opened;
  const counting = runtime.stream<number>('count', { to: 100 });
  let sum = 0;
  for await (const part of counting) sum += await within('an echo', runtime.invoke<number>('echo', part));
  assert.equal(sum, (100 * 99) / 2);
  assert.equal(counting.status, 'succeeded');
});

testEach(
  'a function with a concurrency of 1 runs again while the reader of another run takes his time',
  async (_t, open) => {
    const { runtime } = await open(
      { min: 1, max: 1 },
      {
        'functions/alone.js': `
          export default async function* (to) { for (let index = 0; index < to; index++) yield index; }
          export const config = { concurrency: 1 };`,
      },
    );
    const unread = runtime.stream('alone', 50);
    assert.deepEqual(await within('the array', runtime.invoke('alone', 3)), [0, 1, 2]);
    assert.equal(unread.status, 'running');
    assert.equal((await readAll(unread))[0].length, 50);
  },
);

testEach('of streams that nobody reads only as many more run as there may be workers', async (_t, open) => {
  const opened = await open({ min: 1, max: 2 }, streams);
  const { runtime } = opened;
  const unread = Array.from({ length: 7 }, () => runtime.stream<number>('count', { to: 20 }));
  const running = () => unread.filter(({ status }) => status === 'running').length;
  // Those that leave their places to others, and the others.
  await until('four to run', () => running() === 4);
  await until('all of them to wait', () => givenOf(opened) === 4 * first);
  assert.equal(runtime.stats().workers.length, 4);
  const all = await Promise.all(unread.map((each) => readAll(each)));
  for (const [parts] of all) assert.equal(parts.length, 20);
  assert.equal(await within('an echo', runtime.invoke('echo', 1)), 1);
  assert.equal(runtime.stats().running, 0);
});

testEach('two streams that are read in turns by one worker come to their ends', async (_t, open) => {
  const { runtime } = await open({ min: 1, max: 1 }, streams);
  const [left, right] = [0, 1].map(() => runtime.stream<number>('count', { to: 200 }));
  assert(left && right);
  for (let index = 0; index < 200; index++) {
    assert.equal((await within('a part', left.next())).value, index);
    assert.equal((await within('a part', right.next())).value, index);
  }
});

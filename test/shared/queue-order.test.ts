import assert from 'node:assert/strict';
import type { Shared } from 'warm-pool';
import { within } from '../support/wait.ts';
import { type SharingTest, type Tools, testShared, work } from './support.ts';

/**
 * How many items each one puts. More of them find rarer things, as in `POOL_QUEUE_ITEMS=100000 node test/run.js
 * shared/queue-order`.
 */
const count = Number(process.env.POOL_QUEUE_ITEMS ?? 20_000);
const producers = ['a', 'b', 'c'];
const longMs = 300_000;

type Item = [who: string, item: number];

async function putAll(shared: Shared, { who, count }: { who: string; count: number }) {
  const queue = shared.queue<Item>('items');
  for (let item = 0; item < count; item++) await queue.put([who, item]);
}

/** Reads to the end, with a pause now and then. Returns what it had of each, and where that was out of order. */
async function readAll(shared: Shared, pauseEach: number, tools?: Pick<Tools, 'delay'>) {
  const had: Record<string, number[]> = {};
  const disorder: string[] = [];
  let reads = 0;
  for await (const [who, item] of shared.queue<Item>('items')) {
    had[who] ??= [];
    const last = had[who].at(-1) ?? -1;
    if (item <= last) disorder.push(`${who}: ${item} after ${last}`);
    had[who].push(item);
    if (++reads % pauseEach === 0) await tools?.delay(1);
  }
  return { had, disorder: disorder.slice(0, 10) };
}

type Read = Awaited<ReturnType<typeof readAll>>;

/** Each item once, and for each reader those of each who put in their order. */
function check(reads: readonly Read[]): void {
  assert.deepEqual(
    reads.flatMap(({ disorder }) => disorder),
    [],
  );
  for (const who of producers) {
    const all = reads.flatMap(({ had }) => had[who] ?? []).sort((a, b) => a - b);
    assert.equal(all.length, count, `how many of ${who} came`);
    assert(
      all.every((item, index) => item === index),
      `each of ${who} once`,
    );
  }
}

const pauses = [50, 333, 5000];

/** Waits until all is put, and then for what each reader has. */
async function order(
  { shared }: SharingTest,
  { reading, putting }: { reading: Promise<Read>[]; putting: Promise<unknown>[] },
): Promise<void> {
  await within('all to be put', Promise.all(putting), longMs);
  await shared.queue('items').close();
  check(await within('all to be read', Promise.all(reading), longMs));
}

testShared('each of three readers has what each of three has put in order', 6, async (test) => {
  const reading = pauses.map((pauseEach) => work(test, readAll, pauseEach));
  await order(test, { reading, putting: producers.map((who) => work(test, putAll, { who, count })) });
});

testShared('also where the readers are the program', 3, async (test) => {
  const reading = pauses.map((_, index) => readAll(test.shared.session(`reader ${index}`), Infinity));
  await order(test, { reading, putting: producers.map((who) => work(test, putAll, { who, count })) });
});

testShared('also where those who put are the program', 3, async (test) => {
  const reading = pauses.map((pauseEach) => work(test, readAll, pauseEach));
  await order(test, { reading, putting: producers.map((who) => putAll(test.shared, { who, count })) });
});

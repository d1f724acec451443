import assert from 'node:assert/strict';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Invocation, Shared } from 'warm-pool';
import { within } from '../support/wait.ts';
import { type SharingTest, type Tools, testShared, usesUntilQuick, work } from './support.ts';

const workers = 8;
const longMs = 540_000;

/**
 * How often each of the eight has the lock, and where that takes longer: where workers are killed meanwhile, or a value is
 * asked for and set by calls. More of it finds rarer things, as in `POOL_LOCK_TIMES=10000 node test/run.js shared/lock-load`.
 */
const times = Number(process.env.POOL_LOCK_TIMES ?? 10_000);
const fewerTimes = Number(process.env.POOL_LOCK_TIMES ?? 2_000);
const mostKills = 60;
const killGrace = 5;

interface Adding {
  readonly file: string;
  /** Which of them it is, from 1. */
  readonly who: number;
  readonly times: number;
}

/**
 * Adds to the sum in a file, and to its own part of it, until that is so many. Both are written at once: whoever is killed has
 * added to both or to none. Somebody else who is in between would undo what it has added, and that is seen.
 */
async function add(shared: Shared, { file, who, times }: Adding, { fs }: Pick<Tools, 'fs'>): Promise<number> {
  const lock = shared.lock('sum');
  const fd = fs.openSync(file, 'r+');
  try {
    const numbers = new Float64Array(9);
    let mine: number | undefined;
    for (let isDone = false; !isDone; ) {
      await lock.run(() => {
        fs.readSync(fd, numbers, 0, numbers.byteLength, 0);
        const before = numbers[who] ?? 0;
        if (mine !== undefined && mine !== before) throw new Error(`${who} had ${mine}, and found ${before}`);
        isDone = before === times;
        if (isDone) return;
        mine = before + 1;
        numbers[who] = mine;
        numbers[0] = (numbers[0] ?? 0) + 1;
        fs.writeSync(fd, numbers, 0, numbers.byteLength, 0);
      });
    }
    return mine ?? times;
  } finally {
    fs.closeSync(fd);
  }
}

/** The same with pauses, in which another one may come, and mostly doesn't. */
async function addNowAndThen(shared: Shared, { file, who, times }: Adding, { fs }: Tools): Promise<void> {
  const lock = shared.lock('sum');
  const fd = fs.openSync(file, 'r+');
  const numbers = new Float64Array(9);
  for (let time = 1; time <= times; time++) {
    await lock.run(() => {
      fs.readSync(fd, numbers, 0, numbers.byteLength, 0);
      numbers[who] = time;
      numbers[0] = (numbers[0] ?? 0) + 1;
      fs.writeSync(fd, numbers, 0, numbers.byteLength, 0);
    });
    for (const end = performance.now() + Math.random() / 50; performance.now() < end; );
  }
  fs.closeSync(fd);
}

/** The sum and its parts. */
function numbersIn(file: string): number[] {
  return [...new Float64Array(new Uint8Array(fs.readFileSync(file)).buffer)];
}

function newFile({ project }: SharingTest): string {
  const file = project.path('numbers');
  fs.writeFileSync(file, new Float64Array(1 + workers));
  return file;
}

function assertAll(test: SharingTest, file: string, each: number, since: number): void {
  const ms = performance.now() - since;
  assert.deepEqual(numbersIn(file), [workers * each, ...Array.from({ length: workers }, () => each)]);
  const perSecond = Math.round((workers * each * 1000) / ms);
  test.t.diagnostic(`${workers * each} times in ${Math.round(ms)} ms: ${perSecond}/s`);
}

const all = Array.from({ length: workers }, (_, index) => index + 1);

testShared(`${workers} workers that have a lock ${times} times each lose nothing`, workers, async (test) => {
  const file = newFile(test);
  const since = performance.now();
  await within('all', Promise.all(all.map((who) => work(test, add, { file, who, times }))), longMs);
  assertAll(test, file, times, since);
});

testShared('nor do parts of the program and workers together', workers / 2, async (test) => {
  const file = newFile(test);
  const since = performance.now();
  const adding = all.map((who) => {
    if (who % 2 === 1) return work(test, add, { file, who, times });
    // One of them has a session, the others are parts that are not told apart.
    return add(who === 2 ? test.shared.session('one') : test.shared, { file, who, times }, { fs });
  });
  await within('all', Promise.all(adding), longMs);
  assertAll(test, file, times, since);
});

testShared(
  'nor do parts of the program alone',
  1,
  async (test) => {
    const file = newFile(test);
    const since = performance.now();
    const adding = all.map((who) => add(test.shared.session(), { file, who, times }, { fs }));
    await within('all', Promise.all(adding), longMs);
    assertAll(test, file, times, since);
    // The same with a value that is had and set by two calls.
    const counts = test.shared.map<number>('counts');
    const counting = all.map(async () => {
      for (let time = 0; time < fewerTimes; time++)
        await test.shared.lock('count').run(async () => {
          await counts.set('all', ((await counts.get('all')) ?? 0) + 1);
        });
    });
    await within('all that count', Promise.all(counting), longMs);
    assert.equal(await counts.get('all'), workers * fewerTimes);
  },
  { where: ['process'] },
);

testShared(
  `nor do ${workers} workers of which some are killed at any moment`,
  workers,
  async (test) => {
    const { runtime, isolation } = test;
    const file = newFile(test);
    const since = performance.now();
    const running = new Set<Invocation<number>>();
    let kills = 0;
    // Whoever is killed is followed by one that goes on where it was.
    const addAll = async (who: number): Promise<void> => {
      for (;;) {
        const invocation = work(test, add, { file, who, times: fewerTimes });
        running.add(invocation);
        const end = await invocation.then(
          () => 'ended',
          ({ code }) => code as string,
        );
        running.delete(invocation);
        if (end === 'ended') return;
        assert.equal(end, isolation === 'thread' ? 'CANCELLED' : 'WORKER_CRASHED');
        kills++;
      }
    };
    const adding = within('all', Promise.all(all.map(addAll)), longMs);
    let isOver = false;
    adding
      .finally(() => {
        isOver = true;
      })
      .catch(() => {});
    for (let killAt = 0; !isOver; ) {
      await delay(1 + Math.random() * 20);
      // Not before some more is done: where a start takes long, they would never get on.
      const [sum = 0] = numbersIn(file);
      if (sum < killAt) continue;
      killAt = sum + (workers * fewerTimes) / mostKills;
      const [victim] = [...running].sort(() => Math.random() - 0.5);
      const busy = runtime.stats().workers.filter(({ state }) => state === 'busy');
      const worker = busy[Math.floor(Math.random() * busy.length)];
      // A thread can't be killed from outside but by its end: it does not heed the signal.
      if (isolation === 'thread') victim?.cancel();
      else if (worker?.pid !== undefined) process.kill(worker.pid, 'SIGKILL');
    }
    await adding;
    assert(kills > 0);
    assertAll(test, file, fewerTimes, since);
    test.t.diagnostic(`${kills} kills`);
    const held = await within('the lock', test.shared.lock('sum').acquire());
    held.release();
  },
  { killGrace },
);

testShared('nor do two workers that find it free most of the time', 2, async (test) => {
  const file = newFile(test);
  const adding = [1, 2].map((who) => work(test, addNowAndThen, { file, who, times }));
  await within('both', Promise.all(adding), longMs);
  assert.deepEqual(numbersIn(file).slice(0, 3), [2 * times, times, times]);
});

testShared(
  'workers that come back for a lock only after a while have it as often as they can',
  workers,
  async (test) => {
    const since = performance.now();
    const rounds = 150;
    const visiting = all.map(() =>
      work(
        test,
        async (shared, { uses, rounds }, { delay }) => {
          for (let use = 0; use < uses; use++) (await shared.lock('another').acquire()).release();
          for (let round = 0; round < rounds; round++) {
            await shared.lock('door').run(() => {});
            await delay(1);
          }
        },
        { uses: usesUntilQuick, rounds },
      ),
    );
    await within('all', Promise.all(visiting), longMs);
    test.t.diagnostic(`${workers * rounds} visits in ${Math.round(performance.now() - since)} ms`);
  },
);

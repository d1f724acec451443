import assert from 'node:assert/strict';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Shared } from 'warm-pool';
import { within } from '../support/wait.ts';
import { type SharingTest, type Tools, testShared, work } from './support.ts';

/**
 * How many items each one puts. More of them find rarer things, as in `POOL_QUEUE_ITEMS=100000 node test/run.js
 * shared/queue-kills`.
 */
const count = Number(process.env.POOL_QUEUE_ITEMS ?? 5000);
/** Who gets has them in a fraction of the time. */
const timesByGet = 3;
const parties = 3;
const mostKills = Math.max(20, count / 1000);
const longMs = 400_000;

type Side = 'workers' | 'program';
type Item = [run: string, item: number];

interface Setup {
  readonly producers: Side;
  readonly consumers: Side;
  readonly by: 'take' | 'get';
}

/** Puts so many items, and tells how far it has come: all of those are in the queue for certain. */
async function produce(
  shared: Shared,
  { run, count }: { run: string; count: number },
  { ctx, delay }: Tools,
) {
  const queue = shared.queue<Item>('items');
  for (let item = 1; item <= count; item++) {
    await queue.put([run, item]);
    if (item % 500 !== 0) continue;
    ctx.progress(item);
    await delay(5);
  }
}

/** Has items to the end, and writes down each before it is done. */
async function consume(shared: Shared, { file, by }: { file: string; by: Setup['by'] }, { fs }: Tools) {
  const fd = fs.openSync(file, 'a');
  const queue = shared.queue<Item>('items');
  const write = ([run, item]: Item, returns: number) => fs.writeSync(fd, `${run} ${item} ${returns}\n`);
  try {
    for (;;) {
      if (by === 'get') write(await queue.get(), 0);
      else {
        const delivery = await queue.take();
        write(delivery.value, delivery.returns);
        await delivery.done();
      }
    }
  } catch (error) {
    if ((error as { code: string }).code !== 'QUEUE_CLOSED') throw error;
  }
}

/** One who puts enough, in as many runs as that takes. Returns how far each of them has come for certain. */
async function produceAll(
  test: SharingTest,
  { producers, by }: Setup,
  name: string,
): Promise<Map<string, number>> {
  const told = new Map<string, number>();
  const all = by === 'get' ? timesByGet * count : count;
  for (let left = all; left > 0; left -= [...told.values()].at(-1) as number) {
    const run = `${name}.${told.size}`;
    told.set(run, 0);
    if (producers === 'program') {
      for (let item = 1; item <= left; item++) await test.shared.queue<Item>('items').put([run, item]);
      told.set(run, left);
      continue;
    }
    const invocation = work(test, produce, { run, count: left });
    for await (const item of invocation.progress) told.set(run, item as number);
    if (await survives(invocation)) told.set(run, left);
  }
  return told;
}

interface Line {
  readonly run: string;
  readonly item: number;
  readonly returns: number;
}

/** One who reads to the end. Returns what it had, each life of its own. */
async function consumeAll(test: SharingTest, { consumers, by }: Setup, name: string): Promise<Line[][]> {
  if (consumers === 'program') {
    const lines: Line[] = [];
    for await (const [run, item] of test.shared.session(name).queue<Item>('items'))
      lines.push({ run, item, returns: 0 });
    return [lines];
  }
  const files: string[] = [];
  do files.push(test.project.path(`${name}.${files.length}`));
  while (!(await survives(work(test, consume, { file: files.at(-1) as string, by }))));
  return files.map(linesOf);
}

function survives(invocation: Promise<unknown>): Promise<boolean> {
  return invocation.then(
    () => true,
    (error: { code: string }) => {
      if (error.code !== 'WORKER_CRASHED') throw error;
      return false;
    },
  );
}

/** What one consumer read; its last line may be cut where it was killed. */
function linesOf(file: string): Line[] {
  const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => {
    const [run, item, returns] = line.split(' ');
    return { run: String(run), item: Number(item), returns: Number(returns) };
  });
}

/** Returns false when it is gone already, and nobody has noticed yet. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}

function testKills(name: string, setup: Setup): void {
  const workers = [setup.producers, setup.consumers].filter((side) => side === 'workers').length * parties;
  const body = async (test: SharingTest) => {
    let killed = 0;
    const names = Array.from({ length: parties }, (_, index) => String(index));
    const producing = names.map((name) => produceAll(test, setup, `p${name}`));
    const consuming = names.map((name) => consumeAll(test, setup, `c${name}`));
    let isOver = false;
    const killing = (async () => {
      while (!isOver && killed < mostKills) {
        await delay(20 + Math.random() * 150);
        const busy = test.runtime.stats().workers.filter(({ state, pid }) => state === 'busy' && pid);
        const victim = busy[Math.floor(Math.random() * busy.length)];
        if (isOver || victim?.pid === undefined) continue;
        if (kill(victim.pid)) killed++;
      }
    })();
    const told = await within('all that is put', Promise.all(producing), longMs);
    await test.shared.queue('items').close();
    const lives = (await within('all that is read', Promise.all(consuming), longMs)).flat();
    isOver = true;
    await killing;
    assert(killed > 0, 'somebody is killed');
    const runs = told.flatMap((each) => [...each]);
    const found = runs.map(([run, atLeast]) => checkRun(lives, run, atLeast));
    const sum = (of: 'missing' | 'late') => found.reduce((sum, each) => sum + each[of], 0);
    // Who is killed takes along what it has had by `get` and not written yet; and what was on its way to it comes back.
    const most = setup.by === 'get' && setup.consumers === 'workers' ? killed : 0;
    assert(sum('missing') <= most, `${sum('missing')} are missing after ${killed} kills`);
    assert(sum('late') <= most, `${sum('late')} came after newer ones, after ${killed} kills`);
    const back = lives.flat().filter(({ returns }) => returns > 0).length;
    test.t.diagnostic(
      `${killed} kills, ${back} items came back, ${sum('missing')} are gone with their readers`,
    );
  };
  testShared(name, workers, body, { where: ['process'] });
}

/** How many of a run are not to be found, and how many a reader had after newer ones. */
function checkRun(lives: readonly Line[][], run: string, atLeast: number): { missing: number; late: number } {
  const firsts: number[] = [];
  const seen = new Set<number>();
  let late = 0;
  for (const lines of lives) {
    let last = 0;
    for (const { item, returns } of lines.filter((line) => line.run === run)) {
      seen.add(item);
      if (returns > 0) continue;
      if (item < last) late++;
      last = Math.max(item, last);
      firsts.push(item);
    }
  }
  assert.equal(new Set(firsts).size, firsts.length, `${run}: an item was had twice as if for the first time`);
  const all = [...seen].reduce((a, b) => Math.max(a, b), atLeast);
  return { missing: all - seen.size, late };
}

const nothingIs = 'nothing is lost, doubled or out of order';

testKills(`of queues whose producers and consumers are killed ${nothingIs}`, {
  producers: 'workers',
  consumers: 'workers',
  by: 'take',
});

testKills(`also where the program puts: ${nothingIs}`, {
  producers: 'program',
  consumers: 'workers',
  by: 'take',
});

testKills(`also where the program reads: ${nothingIs}`, {
  producers: 'workers',
  consumers: 'program',
  by: 'get',
});

testKills('readers by get that are killed take along one item at most', {
  producers: 'workers',
  consumers: 'workers',
  by: 'get',
});

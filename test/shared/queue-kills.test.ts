import assert from 'node:assert/strict';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Invocation, Shared } from 'warm-pool';
import { within } from '../support/wait.ts';
import { type SharingTest, type Tools, testShared, work } from './support.ts';

const perProducer = 100_000;
const producers = 3;
const consumers = 3;
const kills = 6;
const longMs = 400_000;

/** Puts so many items, and tells how far it has come: all of those are in the queue for certain. */
async function produce(shared: Shared, { run, count }: { run: string; count: number }, { ctx }: Tools) {
  const queue = shared.queue<[string, number]>('items');
  for (let item = 1; item <= count; item++) {
    await queue.put([run, item]);
    if (item % 500 === 0) ctx.progress(item);
  }
  return count;
}

/** Takes items to the end, and writes down each before it is done. */
async function consume(shared: Shared, file: string, { fs, ctx }: Tools) {
  ctx.progress('begins');
  const fd = fs.openSync(file, 'a');
  for (;;) {
    let delivery: Awaited<ReturnType<typeof take>>;
    try {
      delivery = await take();
    } catch (error) {
      if ((error as { code: string }).code === 'QUEUE_CLOSED') return 'read to the end';
      throw error;
    }
    const [run, item] = delivery.value;
    fs.writeSync(fd, `${run} ${item} ${delivery.returns}\n`);
    await delivery.done();
  }
  function take() {
    return shared.queue<[string, number]>('items').take();
  }
}

/** A producer that is started again after each kill, as a run of its own, until it has put enough. */
class Producing {
  /** Of each run: how far it has told to have come. */
  readonly told = new Map<string, number>();
  readonly #test: SharingTest;
  readonly #name: string;

  constructor(test: SharingTest, name: string) {
    this.#test = test;
    this.#name = name;
  }

  async toTheEnd(): Promise<void> {
    for (let left = perProducer, index = 0; left > 0; index++) {
      const run = `${this.#name}.${index}`;
      this.told.set(run, 0);
      const invocation = work(this.#test, produce, { run, count: left });
      for await (const item of invocation.progress) this.told.set(run, item as number);
      const count = await invocation.catch(() => undefined);
      if (count !== undefined) this.told.set(run, count);
      left -= this.told.get(run) as number;
    }
  }
}

interface Line {
  readonly run: string;
  readonly item: number;
  readonly returns: number;
}

testShared(
  'of queues whose producers and consumers are killed nothing is lost, doubled or out of order',
  producers + consumers,
  async (test) => {
    const { project, shared, runtime } = test;
    const folder = project.path('read');
    fs.mkdirSync(folder);
    let isOver = false;
    let killed = 0;
    let reads = 0;
    const producing = Array.from({ length: producers }, (_, index) => new Producing(test, `p${index}`));
    const consumeToTheEnd = async () => {
      for (;;) {
        const consuming: Invocation<string> = work(test, consume, `${folder}/${++reads}`);
        if ((await consuming.catch(() => 'killed')) === 'read to the end') return;
      }
    };
    const consuming = Array.from({ length: consumers }, consumeToTheEnd);
    const killing = (async () => {
      while (!isOver && killed < kills) {
        await delay(300 + Math.random() * 400);
        const busy = runtime
          .stats()
          .workers.filter(({ state, pid }) => state === 'busy' && pid !== undefined);
        const victim = busy[Math.floor(Math.random() * busy.length)];
        if (isOver || victim?.pid === undefined) continue;
        process.kill(victim.pid, 'SIGKILL');
        killed++;
      }
    })();
    await within('all that is put', Promise.all(producing.map((each) => each.toTheEnd())), longMs);
    isOver = true;
    await killing;
    await shared.queue('items').close();
    await within('all that is read', Promise.all(consuming), longMs);

    const files = fs.readdirSync(folder).map((file) => linesOf(`${folder}/${file}`));
    for (const { told } of producing) {
      for (const [run, atLeast] of told) checkRun(files, run, atLeast);
    }
    test.t.diagnostic(
      `${killed} kills, ${files.flat().filter(({ returns }) => returns > 0).length} items came back`,
    );
  },
  { where: ['process'] },
);

/** What one consumer read; its last line may be cut where it was killed. */
function linesOf(file: string): Line[] {
  const lines = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const [run, item, returns] = line.split(' ');
    return { run: String(run), item: Number(item), returns: Number(returns) };
  });
}

function checkRun(files: readonly Line[][], run: string, atLeast: number): void {
  const firsts: number[] = [];
  const seen = new Set<number>();
  for (const lines of files) {
    const own = lines.filter((line) => line.run === run);
    let last = 0;
    for (const { item, returns } of own) {
      seen.add(item);
      if (returns > 0) continue;
      assert(item > last, `${run}: ${item} came after ${last}`);
      last = item;
      firsts.push(item);
    }
  }
  assert.equal(new Set(firsts).size, firsts.length, `${run}: an item was had twice as if for the first time`);
  assert(seen.size >= atLeast, `${run}: ${atLeast} were put for certain, and ${seen.size} came`);
  assert.equal(
    [...seen].reduce((a, b) => Math.max(a, b), 0),
    seen.size,
    `${run}: there is a gap below its last item`,
  );
}

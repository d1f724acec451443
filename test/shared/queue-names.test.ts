import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SharedQueue } from 'warm-pool';
import { collected, isolations, poolText } from '../conformance/support.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';
import { within } from '../support/wait.ts';
import { testShared, usesUntilQuick, work } from './support.ts';

/** How a function may use queues whose names it makes up. */
const uses = {
  'an item': `
    await queue.put(1);
    await queue.get();`,
  'many items': `
    for (let item = 0; item < 6; item++) await queue.put(item);
    for (let item = 0; item < 6; item++) await queue.get();`,
  'a limit': `
    const limited = shared.queue(name, { maxSize: 5 });
    await limited.put(1);
    await limited.get();`,
  'an end': `
    for (let item = 0; item < 6; item++) await queue.put(item);
    await queue.close();
    for await (const item of queue);`,
};

const functions = {
  'functions/use.js': `${collected}
    const uses = {
      ${Object.entries(uses).map(
        ([how, text]) => `'${how}': async (shared, name) => { const queue = shared.queue(name); ${text} }`,
      )}
    };
    export default async ({ how, from, to }, { shared }) => {
      const before = memory();
      for (let index = from; index < to; index++) await uses[how](shared, how + ' ' + index);
      return memory() - before;
    };`,
};

const cases = isolations.flatMap((isolation) => Object.keys(uses).map((how) => ({ isolation, how })));

for (const { isolation, how } of cases) {
  test(`five thousand queues with ${how}, one after another, take no memory (${isolation})`, async (t) => {
    const project = makeProject(t, functions);
    const grown = await runProgram(
      project,
      `${collected}
      import { createRuntime } from 'warm-pool';
      const pool = ${poolText(isolation, { min: 1, max: 1 })};
      const runtime = await createRuntime({ config: { pool: { ...pool, timeout: Infinity } } });
      const how = '${how}';
      await runtime.invoke('use', { how, from: 0, to: 1000 });
      const before = memory();
      const inWorker = await runtime.invoke('use', { how, from: 1000, to: 6000 });
      const here = memory() - before;
      await runtime.close();
      console.log(JSON.stringify({ inWorker: inWorker / 2 ** 20, here: here / 2 ** 20 }));`,
    );
    const { inWorker, here } = grown as { inWorker: number; here: number };
    // What was decided of them is known still: some 100 bytes of each.
    const most = how === 'a limit' || how === 'an end' ? 1.25 : 0.5;
    assert(inWorker <= 0.5 && here <= most, JSON.stringify(grown));
    t.diagnostic(JSON.stringify(grown));
  });
}

testShared(
  'the queues after the first thousand are put into without messages as well',
  1,
  async (test) => {
    const count = usesUntilQuick;
    const used = await work(
      test,
      async (shared, count, { fs }) => {
        const writes = () => Number(/^syscw: (\d+)$/m.exec(fs.readFileSync('/proc/self/io', 'utf8'))?.[1]);
        const warmUp = async (name: string) => {
          const queue = shared.queue(name);
          for (let item = 0; item < 20; item++) await queue.put(item);
          for (let item = 0; item < 20; item++) await queue.get();
        };
        for (let index = 0; index < 1200; index++) await warmUp(`queue ${index}`);
        const last = shared.queue<number>('last');
        await warmUp('last');
        const before = writes();
        for (let item = 0; item < count; item++) await last.put(item);
        return writes() - before;
      },
      count,
    );
    assert(used < count / 10, `${used} system calls for ${count} items`);
    assert.equal(await test.shared.queue('last').size(), count);
    for (let item = 0; item < count; item++) assert.equal(await test.shared.queue('last').get(), item);
  },
  { where: ['process'] },
);

testShared('more queues than a worker keeps are each in order, used in turn', 3, async (test) => {
  const rounds = 5;
  // Enough of them in a row that the later ones need no messages.
  const each = 8;
  const queues = 400;
  const size = { rounds, each, queues };
  const putting = work(
    test,
    async (shared, { rounds, each, queues }) => {
      const all: SharedQueue[] = [];
      for (let round = 0; round < rounds; round++) {
        for (let index = 0; index < queues; index++) {
          // Made when it is used first, and not given up since.
          all[index] ??= shared.queue(`queue ${index}`);
          const queue = all[index] as SharedQueue;
          const puts: Promise<void>[] = [];
          for (let item = round * each; item < (round + 1) * each; item++) {
            const put = queue.put(item);
            // Some of them await each put, others don't.
            if (index % 8 === 0) puts.push(put);
            else await put;
          }
          await Promise.all(puts);
        }
      }
      for (const queue of all) await queue.close();
    },
    size,
  );
  const reading = work(
    test,
    async (shared, { queues }) => {
      const had: number[][] = [];
      for (let index = 0; index < queues; index++) {
        const own: number[] = [];
        for await (const item of shared.queue<number>(`queue ${index}`)) own.push(item);
        had.push(own);
      }
      return had;
    },
    size,
  );
  await within('all to be put', putting);
  const whole = Array.from({ length: rounds * each }, (_, item) => item);
  for (const [index, had] of (await within('all to be read', reading)).entries())
    assert.deepEqual(had, whole, `queue ${index}`);
});

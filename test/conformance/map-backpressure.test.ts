import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { startProgram } from '../runtime/support-program.ts';
import { makeProject } from '../support/project.ts';
import { deadlineMs, until, within } from '../support/wait.ts';
import { collected, poolText, testEach } from './support.ts';
import {
  asynchronous,
  Counted,
  collect,
  doubles,
  files,
  nothingIsLeft,
  numbers,
  pool,
} from './support-map.ts';

for (const [kind, wrap] of [
  ['an iterable', <Item>(source: Iterable<Item>) => source],
  ['an async iterable', asynchronous],
] as const) {
  testEach(
    `of ${kind} no more runs than the concurrency, and no more than twice that is read ahead`,
    async (_t, open) => {
      const { project, runtime } = await open(pool, files);
      const concurrency = 3;
      const source = new Counted((index) => `item-${index}`);
      const results = runtime.map<string>('gate', wrap(source), { concurrency });
      const out = () => runtime.stats().queued + runtime.stats().running;
      const first = results.next();
      await until('the first ones', () => out() === concurrency);
      assert.equal(source.read, concurrency);
      // The first is slow: those behind it go on until so many results are kept.
      for (let index = 1; index < 30; index++) project.write(`item-${index}`, '');
      await until('the kept ones', () => source.read === 2 * concurrency && out() === 1);
      project.write('item-0', '');
      assert.equal((await within('the first', first)).value, 'item-0');
      let most = 0;
      for (let handed = 1; handed < 15; handed++) {
        const { value } = await within('the next', results.next());
        assert.equal(value, `item-${handed}`);
        most = Math.max(most, source.read - handed - 1);
        assert(out() <= concurrency);
      }
      assert(most <= 2 * concurrency, `${most} were read ahead`);
      // Nobody asks: it stands still. The place of the last that was handed out is filled when another ends after it.
      const full = 15 + 2 * concurrency;
      await until('the stop', () => source.read >= full - 1 && out() === 0);
      for (let count = 0; count < 10; count++) await turn();
      assert(source.read <= full, `${source.read} were read`);
      await results.return();
      assert.equal(source.closed, 1);
      await nothingIsLeft(runtime);
    },
  );
}

testEach(
  'by default all workers are kept busy, and more is only read once the function has shown to be short',
  async (_t, open) => {
    const { runtime } = await open({ min: 2, max: 2 }, files);
    const long = new Counted((id) => ({ id, ms: 20 }));
    const lateResults = runtime.map<number>('late', long);
    for (let handed = 1; handed <= 10; handed++) {
      await lateResults.next();
      // Two workers, one run each and one behind it; twice that may be kept.
      assert(long.read - handed <= 8, `${long.read} were read for ${handed} results`);
    }
    await lateResults.return();
    const source = new Counted((index) => index);
    const results = runtime.map<number>('double', source);
    let ahead = 0;
    for (let handed = 1; handed < 20_000 && ahead < 100; handed++) {
      await results.next();
      ahead = Math.max(ahead, source.read - handed);
      // As many as that on their way, and as many results kept.
      const most = 2 * Math.max(1_024, 4 * handed);
      assert(ahead <= most, `${ahead} were read ahead of ${handed}`);
    }
    assert(ahead >= 100, `only ${ahead} were read ahead of a short function`);
    await results.return();
  },
);

testEach('a queue with a limit is not filled beyond it', async (_t, open) => {
  for (const queueLimit of [0, 1, 5]) {
    const { runtime } = await open({ max: 2, queueLimit }, files);
    assert.deepEqual(await within('all', collect(runtime.map('double', numbers(500)))), doubles(500));
    await runtime.close();
  }
});

testEach('an endless source takes a bounded memory', async (t, _open, isolation) => {
  const program = startProgram(
    t,
    makeProject(t, files),
    `${collected}
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ config: { pool: ${poolText(isolation, { max: 2 })} } });
    function* endless() {
      for (let id = 0; ; id++) yield { id, ballast: 'x'.repeat(10_000) + id };
    }
    let count = 0;
    let before;
    for await (const id of runtime.map('late', endless())) {
      if (id !== count++) throw new Error('out of order');
      if (count === 1_000) before = memory();
      if (count === 6_000) break;
    }
    console.log(JSON.stringify((memory() - before) / 2 ** 20));
    await runtime.close();`,
  );
  // What was read in the 5,000 between is 50 MB.
  const grownMB = await program.line<number>(0, 4 * deadlineMs);
  t.diagnostic(`the heap grew by ${grownMB.toFixed(1)} MB`);
  assert(grownMB < 20, `the heap grew by ${grownMB} MB`);
  assert.equal((await program.ended).code, 0);
});

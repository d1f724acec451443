import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { CancelledError, RuntimeClosedError, WorkerCrashedError } from 'warm-pool';
import { within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { Counted, collect, nothingIsLeft } from './support-map.ts';
import { files, itemsWith, ordinary, resultsOf } from './support-together.ts';

const numbers = () => new Counted((index) => index);

/** Numbers, and then what takes so long that it is on its way for a while, as many together as there were of numbers. */
const slowAfter = (count: number) =>
  new Counted((index) => (index < count ? index : { kind: 'slow', ms: 1, at: index }));

testEach('who breaks off leaves nothing of what travels together', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  for (let round = 0; round < 10; round++) {
    const source = numbers();
    let count = 0;
    const iteration = (async () => {
      for await (const result of runtime.map('mixed', source)) {
        assert.equal(result, 2 * count++);
        if (count === ordinary + round * 37) break;
      }
    })();
    await within('the end', iteration);
    assert.equal(source.closed, 1);
    await nothingIsLeft(runtime);
  }
  const { invocations, succeeded, cancelled } = runtime.stats().functions.mixed ?? assert.fail();
  assert.equal(invocations, succeeded + cancelled);
  assert(cancelled > 0, 'none of what is out is taken back');
});

testEach('a signal ends it at once', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  const controller = new AbortController();
  const results = runtime.map('mixed', slowAfter(ordinary), { signal: controller.signal, ordered: false });
  for (let count = 0; count < ordinary; count++) await within('the next', results.next());
  controller.abort(new Error('enough'));
  await assert.rejects(within('the end', collect(results)), CancelledError);
  await nothingIsLeft(runtime);
  const { cancelled } = runtime.stats().functions.mixed ?? assert.fail();
  assert(cancelled > 0, 'none of what is out is taken back');
});

testEach('the deadline of a close ends it', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  await within('the first', collect(runtime.map('mixed', itemsWith({}))));
  // All that came with it waits behind the first one.
  const rest = collect(runtime.map('mixed', itemsWith({ 0: { kind: 'spins' } })));
  await turn();
  const rejected = assert.rejects(within('the rest', rest), RuntimeClosedError);
  await within('the close', runtime.close({ timeout: 1 }));
  await rejected;
});

testEach('a close without a deadline lets what travels run, and nothing after it', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  const results = runtime.map('mixed', numbers());
  for (let count = 0; count < ordinary; count++) await within('the next', results.next());
  const { queued, running } = runtime.stats();
  const rest: unknown[] = [];
  const iteration = (async () => {
    for await (const result of results) rest.push(result);
  })();
  const rejected = assert.rejects(within('the rest', iteration), RuntimeClosedError);
  await within('the close', runtime.close());
  await rejected;
  assert(rest.length >= queued + running, `${rest.length} of ${queued + running} that were on their way`);
  assert.deepEqual(
    rest,
    rest.map((_, index) => 2 * (ordinary + index)),
  );
  const { succeeded } = runtime.stats().functions.mixed ?? assert.fail();
  assert.equal(succeeded, ordinary + rest.length, 'what ran was told');
});

testEach('with a concurrency no more are on their way', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  for (const concurrency of [1, 50, 700, 3_000]) {
    let most = 0;
    const items = itemsWith({});
    const results: unknown[] = [];
    for await (const result of runtime.map('mixed', items, { concurrency })) {
      if (results.push(result) % 100 === 0) {
        const { queued, running } = runtime.stats();
        most = Math.max(most, queued + running);
      }
    }
    assert.deepEqual(
      results,
      resultsOf(items, () => undefined),
    );
    assert(most <= concurrency, `${most} with a concurrency of ${concurrency}`);
  }
});

testEach('an attempt that failed is repeated for itself', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  const at = ordinary + 3;
  const items = itemsWith({ [at]: { kind: 'flaky' } });
  const retry = { attempts: 2, backoff: 1 };
  const results = await within('all', collect(runtime.map('mixed', items, { retry })));
  assert.deepEqual(
    results,
    resultsOf(items, () => 2),
  );
});

testEach('whoever reads events is told of each', async (_t, open) => {
  const { runtime } = await open({ max: 2 }, files);
  await within('the first', collect(runtime.map('mixed', itemsWith({}))));
  const ended = new Set<string>();
  const reading = (async () => {
    for await (const event of runtime.events({ buffer: 100_000 })) {
      if (event.type === 'invocation:ended') ended.add(event.invocationId);
    }
  })();
  const items = itemsWith({}, ordinary);
  await within('all', collect(runtime.map('mixed', items)));
  await runtime.close();
  await within('the events', reading);
  assert.equal(ended.size, items.length);
});

testEach('a function that changes on the way loses nothing', async (_t, open) => {
  const { runtime, project } = await open(
    { max: 2 },
    { 'functions/version.js': 'export default () => 1;' },
    { hotReload: true },
  );
  let latest = 1;
  let count = 0;
  const iteration = (async () => {
    for await (const version of runtime.map<number>('version', new Counted((index) => index))) {
      count++;
      if (count % 10_000 === 0 && count <= 80_000)
        project.write('functions/version.js', `export default () => ${count};`);
      if (version !== latest) latest = version;
      if (latest === 80_000) break;
      assert(count < 20_000_000, 'the function does not change');
    }
  })();
  await within('the last change', iteration);
  const { failed, crashed, timedOut } = runtime.stats().functions.version ?? assert.fail();
  assert.deepEqual([failed, crashed, timedOut], [0, 0, 0]);
  await nothingIsLeft(runtime);
});

testEach(
  'workers that are killed at random cost one item each at the most, and nothing else',
  async (t, open) => {
    const { runtime } = await open({ min: 2, max: 2 }, files);
    const count = 400_000;
    const items = itemsWith({}, count);
    const failed = new Set<number>();
    let kills = 0;
    let next = 15_000;
    const results: unknown[] = [];
    const onError = (error: Error, _item: unknown, index: number) => {
      assert(error instanceof WorkerCrashedError, String(error));
      failed.add(index);
    };
    for await (const result of runtime.map('mixed', items, { onError })) {
      if (results.push(result) < next) continue;
      next += 15_000;
      const alive = runtime.stats().workers.filter(({ state }) => state !== 'starting');
      const { pid } = alive[Math.floor(Math.random() * alive.length)] ?? {};
      if (pid === undefined) continue;
      kills++;
      process.kill(pid, 'SIGKILL');
    }
    t.diagnostic(`${kills} kills, ${failed.size} failed`);
    assert(kills > 10, `only ${kills} kills`);
    assert(failed.size <= kills, `${failed.size} of ${kills} kills`);
    assert.deepEqual(
      results,
      items.filter((_, index) => !failed.has(index)).map((item) => (item as number) * 2),
    );
    await nothingIsLeft(runtime);
  },
  ['process'],
);

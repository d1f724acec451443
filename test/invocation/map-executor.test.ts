import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { CancelledError, FunctionError, type Runtime, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { dying, notesOf, testEach } from '../conformance/support.ts';
import {
  Counted,
  collect,
  doubles,
  files,
  nothingIsLeft,
  numbers,
  pool,
} from '../conformance/support-map.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

// What `executor.map` of Python does in each case, as Python 3.11 was seen to do it, and what `runtime.map` does.

testEach(
  'executor.map reads all of its source when it is called, an endless one for ever: map reads what can run',
  async (_t, open) => {
    const { runtime } = await open(pool, files);
    const source = new Counted((index) => index);
    const results: number[] = [];
    for await (const result of runtime.map<number>('double', source, { concurrency: 4 })) {
      results.push(result);
      // As far as it reads while nobody asks.
      if (results.length % 20 === 0) await standstill(runtime);
      assert(source.read - results.length <= 8, `${source.read} were read for ${results.length} results`);
      if (results.length === 100) break;
    }
    assert.deepEqual(results, doubles(100));
    assert.equal(source.closed, 1);
    await nothingIsLeft(runtime);
  },
);

/** Until nothing runs, and nothing more is read. */
async function standstill(runtime: Runtime): Promise<void> {
  for (let turns = 0; turns < 5; turns++) {
    await within('the drain', runtime.drain());
    await turn();
  }
}

testEach(
  'after an item that fails executor.map is over and runs what has begun to its end: map cancels that, too',
  async (_t, open) => {
    const opened = await open(
      { min: 2, max: 2, killGrace: '60s' },
      { ...files, 'functions/picky.js': picky },
    );
    const { runtime } = opened;
    const source = new Counted((index) => index);
    const results = runtime.map<number>('picky', source, { concurrency: 2 });
    assert.deepEqual([(await results.next()).value, (await results.next()).value], [0, 1]);
    const error = await rejectionOf(results.next(), FunctionError);
    assert.match(error.message, /2 is refused/);
    assert.deepEqual(await results.next(), { done: true, value: undefined });
    assert.equal(source.closed, 1);
    await nothingIsLeft(runtime);
    // The one that ran beside it was told to end; what comes after that never began.
    assert.deepEqual(notesOf(opened), ['3 is told']);
    assert.equal(source.read, 4);
  },
);

/** Refuses 2 once the next one runs, which goes on until it is told not to. */
const picky = `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  const root = new URL('../', import.meta.url);
  export default async (value, { signal }) => {
    if (value < 2) return value;
    fs.writeFileSync(new URL('runs-' + value, root), '');
    if (value === 2) {
      while (!fs.existsSync(new URL('runs-3', root))) await setTimeout(5);
      throw new RangeError(value + ' is refused');
    }
    await setTimeout(600_000, undefined, { signal }).catch(() => {});
    fs.appendFileSync(new URL('notes', root), value + ' is told;');
  };`;

testEach(
  'of a chunk with an item that fails executor.map gives no result: map gives all those before it',
  async (_t, open) => {
    const { runtime } = await open(pool, {
      ...files,
      'functions/below.js': `export default (value) => {
        if (value === 20_000) throw new RangeError(value + ' is too much');
        return value;
      };`,
    });
    const results: number[] = [];
    const iterate = async () => {
      for await (const result of runtime.map<number>('below', numbers(30_000))) results.push(result);
    };
    // By then the items travel many together.
    const error = await rejectionOf(iterate(), FunctionError);
    assert.match(error.message, /20000 is too much/);
    assert.deepEqual(results, numbers(20_000));
    await nothingIsLeft(runtime);
  },
);

testEach(
  'the timeout of executor.map is for all, from the call, and lets run what runs: so AbortSignal.timeout, and cancels',
  async (_t, open) => {
    const { runtime } = await open(pool, files);
    const source = new Counted((index) => ({ id: index, ms: index < 3 ? 0 : 600_000 }));
    const results: unknown[] = [];
    const iterate = async () => {
      const signal = AbortSignal.timeout(1_000);
      for await (const result of runtime.map('late', source, { signal })) results.push(result);
    };
    const error = await rejectionOf(iterate(), CancelledError);
    assert.equal((error.cause as Error).name, 'TimeoutError');
    // All three of them, where the machine has a second's time for that.
    assert.deepEqual(results, numbers(results.length));
    assert.equal(source.closed, 1);
    await nothingIsLeft(runtime);
  },
);

testEach(
  'executor.map has no timeout of an item: that of map is, and onError can do without that item',
  async (_t, open) => {
    const { runtime } = await open(pool, files);
    const items = numbers(5).map((id) => ({ id, ms: id === 2 ? 600_000 : 0 }));
    const failed: unknown[] = [];
    const onError = (error: Error, { id }: { id: number }) => {
      assert(error instanceof TimeoutError);
      failed.push(id);
    };
    assert.deepEqual(await collect(runtime.map('late', items, { timeout: '2s', onError })), [0, 1, 3, 4]);
    assert.deepEqual(failed, [2]);
    await rejectionOf(collect(runtime.map('late', items, { timeout: '2s' })), TimeoutError);
    await nothingIsLeft(runtime);
  },
);

testEach(
  'a worker that dies breaks an executor, for whatever else it has: of map it fails one item',
  async (_t, open) => {
    const { runtime } = await open(pool, {
      'functions/fragile.js': `${dying}
        export default (value) => value === 5 ? die() : value;`,
    });
    const failed: number[] = [];
    const onError = (error: Error, item: number) => {
      assert(error instanceof WorkerCrashedError);
      failed.push(item);
    };
    const results = await within('all', collect(runtime.map('fragile', numbers(20), { onError })));
    assert.deepEqual(
      results,
      numbers(20).filter((each) => each !== 5),
    );
    assert.deepEqual(failed, [5]);
    assert.deepEqual(await collect(runtime.map('fragile', [1, 2])), [1, 2]);
  },
);

/** What `executor.map(fn, a, b)` reads: one of each, until one of them has ended. */
function* zip<A, B>(first: Iterable<A>, second: Iterable<B>): Generator<[A, B]> {
  const others = second[Symbol.iterator]();
  for (const one of first) {
    const other = others.next();
    if (other.done) return;
    yield [one, other.value];
  }
}

testEach(
  'several iterables of executor.map are several arguments: those of map are one of tuples, or of objects',
  async (_t, open) => {
    const { runtime } = await open(pool, {
      'functions/power.js': 'export default ([base, exponent]) => base ** exponent;',
    });
    const endless = new Counted((index) => index);
    assert.deepEqual(await collect(runtime.map('power', zip([2, 3, 4], endless))), [1, 3, 16]);
  },
);

testEach('of nothing executor.map gives nothing, and so does map, and runs nothing', async (_t, open) => {
  const { runtime } = await open(pool, files);
  async function* none(): AsyncGenerator<number> {}
  for (const source of [[], new Set<number>(), new Counted(Number, 0), none()]) {
    for (const ordered of [true, false])
      assert.deepEqual(await within('nothing', collect(runtime.map('double', source, { ordered }))), []);
  }
  assert.equal(runtime.stats().functions.double?.invocations, 0);
});

testEach(
  'executor.map takes no async source: map hands out what it has while the source makes the next',
  async (_t, open) => {
    const { runtime } = await open(pool, files);
    const taken: number[] = [];
    async function* onceTaken(): AsyncGenerator<number> {
      for (let item = 0; item < 5; item++) {
        await until(`the result of all before ${item}`, () => taken.length === item);
        yield item;
      }
    }
    for (const ordered of [true, false]) {
      taken.length = 0;
      for await (const result of runtime.map<number>('double', onceTaken(), { ordered })) taken.push(result);
      assert.deepEqual(taken, doubles(5));
    }
  },
);

testEach(
  'a source that throws is an error of the call of executor.map, and nothing of it is had: map gives what was before',
  async (_t, open) => {
    const { runtime } = await open(pool, files);
    const source = new Counted((index) => {
      if (index === 4) throw new RangeError('no more');
      return index;
    });
    const results = runtime.map<number>('double', source);
    const before: number[] = [];
    const iterate = async () => {
      for await (const result of results) before.push(result);
    };
    assert.equal((await rejectionOf(iterate(), RangeError)).message, 'no more');
    assert.deepEqual(before, doubles(4));
    await nothingIsLeft(runtime);
  },
);

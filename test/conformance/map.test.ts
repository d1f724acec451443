import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { within } from '../support/wait.ts';
import { testEach } from './support.ts';
import { asynchronous, Counted, collect, doubles, files, numbers, pool } from './support-map.ts';

testEach('results come in the order of the items, from any kind of source', async (_t, open) => {
  const { runtime } = await open(pool, files);
  const sources = {
    array: numbers(1_000),
    set: new Set(numbers(1_000)),
    generator: new Counted((index) => index, 1_000),
    'async generator': asynchronous(numbers(1_000)),
    promises: numbers(1_000).map(async (each) => each),
    nothing: [],
  };
  for (const [name, source] of Object.entries(sources)) {
    const results = await within(name, collect(runtime.map<number>('double', source)));
    assert.deepEqual(results, name === 'nothing' ? [] : doubles(1_000), name);
  }
});

testEach('an array is read as its own iterator reads it', async (_t, open) => {
  const { runtime } = await open(pool, files);
  class Backwards extends Array<number> {
    override [Symbol.iterator]() {
      return this.toReversed().values();
    }
  }
  const own = Object.assign([1, 2], { [Symbol.iterator]: () => [7, 8, 9].values() });
  assert.deepEqual(await collect(runtime.map('double', Backwards.of(1, 2, 3))), [6, 4, 2]);
  assert.deepEqual(await collect(runtime.map('double', own)), [14, 16, 18]);
  assert.deepEqual(await collect(runtime.map('double', new Array(2))), [Number.NaN, Number.NaN]);
  assert.deepEqual(
    await collect(runtime.map('double', [Promise.resolve(1), 2, Promise.resolve(3)])),
    [2, 4, 6],
  );
  const growing = numbers(10);
  const results: unknown[] = [];
  for await (const result of runtime.map('double', growing, { concurrency: 1 })) {
    if (results.push(result) === 1) growing.push(10, 11, 12);
  }
  assert.deepEqual(results, doubles(13));
});

testEach('a slow item is waited for in order, and overtaken without', async (_t, open) => {
  const { project, runtime } = await open({ max: 3 }, files);
  const names = ['a', 'b', 'c', 'd'];
  for (const name of ['b', 'c', 'd']) project.write(name, '');
  const ordered = runtime.map<string>('gate', names);
  const first = ordered.next();
  const unordered = runtime.map<string>('gate', names, { ordered: false });
  const before = [await unordered.next(), await unordered.next(), await unordered.next()];
  assert.deepEqual(before.map(({ value }) => value).sort(), ['b', 'c', 'd']);
  project.write('a', '');
  assert.deepEqual(await within('the first', first), { done: false, value: 'a' });
  assert.deepEqual(await collect(ordered), ['b', 'c', 'd']);
  assert.deepEqual(await collect(unordered), ['a']);
});

testEach('nothing is read and nothing runs before the first result is asked for', async (_t, open) => {
  const { runtime } = await open(pool, files);
  const source = new Counted((index) => index, 5);
  const results = runtime.map<number>('double', source);
  for (let count = 0; count < 5; count++) await turn();
  assert.deepEqual([source.opened, source.read, runtime.stats().queued], [0, 0, 0]);
  assert.deepEqual(await collect(results), doubles(5));
  // One that is ended before it began never opens its source.
  const unused = runtime.map<number>('double', source);
  assert.deepEqual(await unused.return(), { done: true, value: undefined });
  assert.deepEqual(await unused.next(), { done: true, value: undefined });
  assert.equal(source.opened, 1);
});

testEach('the options of an invocation are those of each', async (_t, open) => {
  const { runtime } = await open(pool, {
    'functions/seen.js': `export default (item, { attempt, cwd, remainingTime }) => {
        if (attempt === 1) throw new Error('once more');
        return [item, attempt, cwd, remainingTime() <= 5_000];
      };`,
  });
  const options = { timeout: '5s', cwd: '/somewhere', retry: { attempts: 2, backoff: 1 } };
  assert.deepEqual(await collect(runtime.map('seen', ['a', 'b'], options)), [
    ['a', 2, '/somewhere', true],
    ['b', 2, '/somewhere', true],
  ]);
});

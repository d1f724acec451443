import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MapOptions } from 'warm-pool';
import { collect } from '../conformance/support-map.ts';
import { runProject } from '../support/open-runtime.ts';
import { within } from '../support/wait.ts';

const double = { 'functions/double.js': 'export default (value) => value * 2;' };

test('a mistake in the source or an option is told at once', async (t) => {
  const { runtime } = await runProject(t, double);
  const mistakes: [unknown, unknown, RegExp][] = [
    [5, {}, /the items of `map` to be an iterable or an async iterable, got 5 \(number\)/],
    ['photo.jpg', {}, /the items of `map` to be an iterable or an async iterable, got 'photo.jpg'/],
    [undefined, {}, /the items of `map` to be .*, got nothing/],
    [{ length: 1 }, {}, /the items of `map` to be an iterable/],
    [{ [Symbol.iterator]: 5 }, {}, /the items of `map` to be an iterable/],
    [[], { concurrency: 0 }, /the `concurrency` option to be a whole number of at least 1, got 0/],
    [[], { concurrency: Number.POSITIVE_INFINITY }, /the `concurrency` option to be .*, got Infinity/],
    [[], { ordered: 'yes' }, /the `ordered` option to be true or false, got 'yes'/],
    [[], { onError: 'continue' }, /the `onError` option to be a function, got 'continue'/],
    [[], { signal: {} }, /the `signal` option to be an AbortSignal/],
    [[], { timeout: 'soon' }, /the `timeout` option to be a number of ms above 0/],
    [[], { priority: 'urgent' }, /the `priority` option to be one of high, normal, low/],
    [[], { retry: {} }, /the `retry.attempts` option to be .*, got nothing/],
    [[], { concurency: 2 }, /`map` has no option `concurency`, did you mean "concurrency"\?/],
    [[], { transfer: [] }, /`map` has no option `transfer`: it has concurrency, ordered, /],
    [[], null, /the options of `map` to be an object, got null/],
  ];
  for (const [source, options, message] of mistakes) {
    const map = () => runtime.map('double', source as number[], options as MapOptions<number>);
    assert.throws(map, (error) => error instanceof TypeError && message.test(error.message), String(message));
  }
});

test('an iterator that keeps to no protocol ends the iteration, and says so', async (t) => {
  const { runtime } = await runProject(t, double);
  const sources: [unknown, RegExp][] = [
    [{ [Symbol.iterator]: () => 5 }, /the iterator of the items to have a `next`, got 5/],
    [{ [Symbol.asyncIterator]: () => ({}) }, /the iterator of the items to have a `next`, got {}/],
    [{ [Symbol.iterator]: () => ({ next: () => 5 }) }, /`next` of the items to give an object, got 5/],
    [
      { [Symbol.asyncIterator]: () => ({ next: async () => undefined }) },
      /`next` of the items to give an object, got nothing/,
    ],
  ];
  for (const [source, message] of sources) {
    const results = collect(runtime.map('double', source as number[], { onError() {} }));
    await within(
      'the end',
      assert.rejects(results, (error) => error instanceof TypeError && message.test(error.message)),
    );
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from '../../runtime/figures/histogram.ts';

const precision = 0.032;

/** Durations of all sizes, from a microsecond to a day. */
const durations = Array.from(
  { length: 5_000 },
  (_, index) => 10 ** (-3 + (11 * ((index * 7919) % 5_000)) / 5_000),
);

function exactly(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] as number;
}

test('percentiles are right to 3 %, count and maximum are exact', () => {
  const histogram = new Histogram();
  for (const ms of durations) histogram.record(ms);
  const { count, p50, p90, p99, max } = histogram.stats();
  assert.equal(count, durations.length);
  assert.equal(max, Math.max(...durations));
  for (const [share, found] of [
    [0.5, p50],
    [0.9, p90],
    [0.99, p99],
  ] as const) {
    const exact = exactly(durations, share);
    assert(Math.abs(found - exact) <= precision * exact, `${found} for ${exact}`);
  }
});

test('each duration is told to 3 %, whatever its size', () => {
  for (const ms of durations.filter((_, index) => index % 10 === 0)) {
    const histogram = new Histogram();
    for (const each of [ms, ms, 10 * ms]) histogram.record(each);
    const { p50 } = histogram.stats();
    assert(Math.abs(p50 - ms) <= precision * ms, `${p50} for ${ms}`);
  }
});

test('what is longer or shorter than any duration is counted at the ends', () => {
  const histogram = new Histogram();
  for (const ms of [0, -1, 1e-9, 2 ** 40, Number.POSITIVE_INFINITY]) histogram.record(ms);
  const { count, p50, max } = histogram.stats();
  assert.equal(count, 5);
  assert(p50 < 0.002, `${p50}`);
  assert.equal(max, Number.POSITIVE_INFINITY);
});

test('one of nothing has zeros, and one value is all percentiles', () => {
  const histogram = new Histogram();
  assert.deepEqual(histogram.stats(), { count: 0, p50: 0, p90: 0, p99: 0, max: 0 });
  histogram.record(5);
  const { p50, p90, p99, max } = histogram.stats();
  assert.equal(max, 5);
  for (const each of [p50, p90, p99]) assert(Math.abs(each - 5) <= 5 * precision && each <= 5, `${each}`);
});

test('a sum has what both have', () => {
  const [all, even, odd] = [new Histogram(), new Histogram(), new Histogram()];
  for (const [index, ms] of durations.entries())
    for (const each of [all, index % 2 ? odd : even]) each.record(ms);
  even.add(odd);
  assert.deepEqual(even.stats(), all.stats());
});

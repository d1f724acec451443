import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ratioOf, rotated, spreadOf } from '../harness/statistics.ts';

test('the median is the middle reading, or the mean of the two middle ones', () => {
  assert.deepEqual(spreadOf([30, 10, 20]), { median: 20, min: 10, max: 30 });
  assert.deepEqual(spreadOf([40, 10, 20, 30]), { median: 25, min: 10, max: 40 });
  assert.throws(() => spreadOf([]), RangeError);
});

test('a ratio above 1 means that ours is faster, for rates and for durations', () => {
  assert.equal(ratioOf('/s', [300], [100]).median, 3);
  assert.equal(ratioOf('s', [2], [6]).median, 3);
  assert.equal(ratioOf('µs', [50], [25]).median, 0.5);
});

test('ratios are taken within a round, so that a machine that slows down changes nothing', () => {
  const ours = [1, 2, 4];
  const peer = [3, 6, 12];
  assert.deepEqual(ratioOf('s', ours, peer), { median: 3, min: 3, max: 3 });
  assert.throws(() => ratioOf('s', ours, [1]), RangeError);
});

test('over as many rounds as there are contestants everyone is first once', () => {
  const contestants = ['a', 'b', 'c'];
  assert.deepEqual(
    [0, 1, 2, 3].map((round) => rotated(contestants, round).join('')),
    ['abc', 'bca', 'cab', 'abc'],
  );
  assert.deepEqual(rotated([], 2), []);
});

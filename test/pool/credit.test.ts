import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Credit } from '../../runtime/pool/credit.ts';

/** So short, in ms, that a worker may have as many in its hands as there may be at all. */
const short = 0.001;
const long = 5;

function creditAfter(...runs: number[]): number {
  const credit = new Credit();
  for (const ms of runs) credit.observe('photo', ms);
  return credit.of('photo');
}

const many = (ms: number) => Array<number>(50).fill(ms);

test('a function that has not run is handed over one at a time, and so is one that is long', () => {
  assert.equal(creditAfter(), 1);
  assert.equal(creditAfter(long), 1);
  assert.equal(creditAfter(...many(long)), 1);
  assert.equal(creditAfter(...many(0.6)), 1);
});

test('what a worker has in its hands takes it no longer than 0.5 ms', () => {
  assert.equal(creditAfter(...many(0.2)), 2);
  assert.equal(creditAfter(...many(0.05)), 10);
  assert.equal(creditAfter(...many(short)), 256);
});

test('a single long run changes nothing, and the second in a row ends all credit', () => {
  assert.equal(creditAfter(...many(short), long), 256);
  assert.equal(creditAfter(...many(short), long, short, long, short), 256);
  assert.equal(creditAfter(...many(short), long, long), 1);
});

test('credit is earned back in steps', () => {
  const before = [...many(short), long, long];
  assert.equal(creditAfter(...before, short), 1);
  assert.equal(creditAfter(...before, short, short), 1);
  const later = [10, 20, 30, 50].map((count) => creditAfter(...before, ...Array<number>(count).fill(short)));
  assert.deepEqual(
    later,
    later.toSorted((a, b) => a - b),
  );
  assert.equal(later.at(-1), 256);
});

test('each function has its own', () => {
  const credit = new Credit();
  for (const ms of many(short)) credit.observe('short', ms);
  for (const ms of many(long)) credit.observe('long', ms);
  assert.deepEqual([credit.of('short'), credit.of('long')], [256, 1]);
});

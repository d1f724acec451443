import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { WriteStream } from 'node:tty';
import { type Progress, progressLine } from '../../cli/output/progress-line.ts';
import { Speed } from '../../cli/output/speed.ts';

/** A stream without colours. */
const plain = new PassThrough() as unknown as WriteStream;

const wide = 200;

const ofMap = {
  name: 'checksum',
  kind: 'items',
  ended: 720,
  total: 2000,
  failed: 3,
  perSecond: 14.2,
  hasBar: true,
};
const ofBacklog = { ...ofMap, name: 'inbox:checksum', kind: 'files', hasBar: false };

const lineOf = (progress: Progress, columns = wide) => progressLine(progress, columns, plain);

test('the lines are as documented', () => {
  assert.equal(
    lineOf(ofMap),
    'checksum  ███████░░░░░░░░░░░░░  720/2,000  14.2 items/s  2 min left  3 failed',
  );
  assert.equal(lineOf(ofBacklog), 'inbox:checksum  720/2,000  14.2 files/s  2 min left  3 failed');
  assert.equal(
    lineOf({ ...ofMap, ended: 12_345, total: undefined, failed: 0 }),
    'checksum  12,345 items  14.2 items/s',
  );
});

test('numbers have commas from 1,000 on', () => {
  for (const [ended, total, failed, text] of [
    [0, 999, 0, '0/999'],
    [999, 1000, 998, '999/1,000'],
    [1000, 1_000_000, 1000, '1,000/1,000,000'],
  ] as const) {
    const [, counts, ...rest] = lineOf({ ...ofBacklog, ended, total, failed, perSecond: undefined }).split(
      '  ',
    );
    assert.equal(counts, text);
    assert.deepEqual(rest, failed === 0 ? [] : [`${failed.toLocaleString('en-US')} failed`]);
  }
  const speeds = [
    [0.05, '3.0 files/min'],
    [0.1, '0.1 files/s'],
    [99.94, '99.9 files/s'],
    [100, '100 files/s'],
    [1234.5, '1,235 files/s'],
  ] as const;
  for (const [perSecond, text] of speeds)
    assert.equal(lineOf({ ...ofBacklog, perSecond }).split('  ')[2], text);
});

test('what is left is told in one unit, rounded up', () => {
  for (const [seconds, text] of [
    [1, '1 s left'],
    [90, '90 s left'],
    [91, '2 min left'],
    [120, '2 min left'],
    [121, '3 min left'],
    [90 * 60, '90 min left'],
    [90 * 60 + 1, '2 h left'],
    [48 * 3600, '48 h left'],
    [48 * 3600 + 1, '3 d left'],
  ] as const) {
    const progress = { ...ofBacklog, ended: 1, total: 1 + seconds, perSecond: 1 };
    assert.equal(lineOf(progress).split('  ')[3], text);
  }
  assert.equal(lineOf({ ...ofBacklog, ended: 2000 }), 'inbox:checksum  2,000/2,000  14.2 files/s  3 failed');
});

test('a narrow terminal has what fits, down to the counts alone', () => {
  const lines = [80, 60, 45, 40, 30, 15, 9, 5].map((columns) => {
    const line = lineOf(ofMap, columns);
    assert.ok(line.length <= columns, `${columns}: ${line}`);
    return line;
  });
  assert.deepEqual(
    [...new Set(lines)],
    [
      'checksum  ███████░░░░░░░░░░░░░  720/2,000  14.2 items/s  2 min left  3 failed',
      'checksum  720/2,000  14.2 items/s  2 min left  3 failed',
      'checksum  720/2,000  2 min left  3 failed',
      '720/2,000  2 min left  3 failed',
      '720/2,000  3 failed',
      '720/2,000',
      '720/2',
    ],
  );
});

/** Tells what has ended by a time four times a second, as often as anybody looks. */
function speedAfter(phases: readonly { seconds: number; perSecond: number }[]): number | undefined {
  const speed = new Speed(0);
  let [now, ended, shown]: [number, number, number | undefined] = [0, 0, undefined];
  for (const { seconds, perSecond } of phases) {
    for (const end = now + seconds * 1000; now < end; ) {
      now += 250;
      ended += perSecond / 4;
      shown = speed.perSecond(Math.floor(ended), now);
    }
  }
  return shown;
}

test('the speed is that of the last seconds', () => {
  const fast = { seconds: 60, perSecond: 100 };
  assert.equal(speedAfter([fast]), 100);
  assert.equal(speedAfter([fast, { seconds: 6, perSecond: 20 }]), 20);
  assert.equal(
    speedAfter([
      { seconds: 60, perSecond: 20 },
      { seconds: 6, perSecond: 100 },
    ]),
    100,
  );
  const between = speedAfter([fast, { seconds: 2.5, perSecond: 20 }]) ?? 0;
  assert.ok(between > 20 && between < 100, `${between}`);
});

test('while little ends, the speed is that of the last ten', () => {
  const fast = { seconds: 60, perSecond: 100 };
  const afterFive = speedAfter([fast, { seconds: 10, perSecond: 0.5 }]) ?? 0;
  assert.ok(afterFive > 1, `${afterFive}: five are too few to tell by`);
  const afterTwenty = speedAfter([fast, { seconds: 40, perSecond: 0.5 }]) ?? 0;
  assert.ok(Math.abs(afterTwenty - 0.5) < 0.05, `${afterTwenty}`);
});

test('there is no speed before something has ended, nor in the first moment', () => {
  const speed = new Speed(0);
  assert.equal(speed.perSecond(0, 10_000), undefined);
  const early = new Speed(0);
  assert.equal(early.perSecond(5, 249), undefined);
  assert.equal(early.perSecond(5, 250), 20);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startExample } from '../support/run-example.ts';

test('the countdown takes two seconds or more one after another, and tells the times and ratios of threads and processes', async (t) => {
  const example = startExample(t, 'countdown/main.ts');
  const { code, stdout, stderr } = await example.ended;
  assert.deepEqual([code, stderr], [0, '']);
  const [, alone] =
    /^counting down from [\d,]+, 4 times, with [1-4] workers\none after another +([\d.]+) s +1\.00 x\nin threads +[\d.]+ s +[\d.]+ x\nin processes +[\d.]+ s +[\d.]+ x\n$/.exec(
      stdout,
    ) ?? assert.fail(stdout);
  assert(Number(alone) >= 2, stdout);
  await example.untilNothingIsLeft();
});

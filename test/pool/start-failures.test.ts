import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StartFailures } from '../../runtime/pool/start-failures.ts';

/** A start that begins now fails now; it has to be followed by a wait of so many ms. */
function failAndWait(failures: StartFailures, waitMs: number, isFromOutside = false): void {
  const before = performance.now();
  failures.failed(before, isFromOutside);
  const [after, wait] = [performance.now(), failures.waitMs];
  // It is counted from some moment between the two. A machine that stood still since has waited for that time already.
  assert(performance.now() + wait >= before + waitMs, `${wait} ms of ${waitMs}`);
  assert(wait <= waitMs && after + wait >= before, `${wait} ms of ${waitMs}`);
}

test('each start that fails makes the next one wait twice as long, up to 10 s', () => {
  const failures = new StartFailures();
  assert.equal(failures.waitMs, 0);
  for (const ms of [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]) failAndWait(failures, ms);
});

test('one that succeeds ends the wait, and the next failure begins anew', () => {
  const failures = new StartFailures();
  for (const ms of [100, 200, 400]) failAndWait(failures, ms);
  failures.succeeded();
  assert.equal(failures.waitMs, 0);
  assert.equal(failures.isHopeless, false);
  failAndWait(failures, 100);
});

test('workers that were under way when another one failed are part of the same failure', () => {
  const failures = new StartFailures();
  const together = performance.now();
  for (let worker = 0; worker < 20; worker++) failures.failed(together, false);
  assert(failures.waitMs <= 100, `${failures.waitMs} ms`);
  assert.equal(failures.isHopeless, false);
  failAndWait(failures, 200);
});

test('three failures in a row are hopeless; of those that may come from outside seven are', () => {
  for (const [isFromOutside, enough] of [
    [false, 3],
    [true, 7],
  ] as const) {
    const failures = new StartFailures();
    for (let failure = 1; failure <= enough; failure++) {
      assert.equal(failures.isHopeless, false, `after ${failure - 1}`);
      failures.failed(performance.now(), isFromOutside);
    }
    assert.equal(failures.isHopeless, true);
  }
});

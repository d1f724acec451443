import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RetryOptions } from 'warm-pool';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';

const mistakes: [unknown, RegExp][] = [
  [3, /the `retry` option to be an object such as \{ attempts: 3 \}, got 3 \(number\)/],
  [null, /the `retry` option to be an object such as/],
  [{}, /the `retry.attempts` option to be a whole number from 1 to 65535, got nothing/],
  [{ attempts: 0 }, /the `retry.attempts` option to be .*, got 0/],
  [{ attempts: 1.5 }, /the `retry.attempts` option to be .*, got 1.5/],
  [{ attempts: 65_536 }, /the `retry.attempts` option to be .*, got 65536/],
  [
    { attempts: 2, backoff: 'soon' },
    /the `retry.backoff` option to be a number of ms or a string .*, got 'soon'/,
  ],
  [{ attempts: 2, on: 'TIMEOUT' }, /the `retry.on` option to be a function or a list of FUNCTION_FAILED, /],
  [
    { attempts: 2, on: ['CANCELLED'] },
    /the `retry.on` option to be a function or a list of FUNCTION_FAILED, /,
  ],
  [{ attempts: 2, times: 3 }, /expected `attempts`, `backoff` and `on` in the `retry` option, got `times`/],
];

test('a mistake in the `retry` option rejects with what was expected', async (t) => {
  const { runtime } = await runProject(t, { 'functions/echo.js': 'export default (value) => value;' });
  for (const [retry, message] of mistakes) {
    const invocation = runtime.invoke('echo', 1, { retry: retry as RetryOptions });
    assert.match((await rejectionOf(invocation, TypeError)).message, message);
  }
  assert.equal(infoOf(runtime, 'echo').stats.succeeded, 0);
});

test("a mistake in a function's retry is its load error, with the path of each", async (t) => {
  const { runtime } = await runProject(t, {
    'functions/wrong.js': `
      export default () => {};
      export const config = { retry: { attempts: 0, backoff: 'soon', on: ['CANCELLED'], times: 3 } };`,
  });
  const { message } = infoOf(runtime, 'wrong').error as { message: string };
  assert.match(message, /retry.attempts: expected a whole number from 1 to 65535, got 0/);
  assert.match(message, /retry.backoff: expected a number of ms or a string/);
  assert.match(message, /retry.on\[0\]: expected one of FUNCTION_FAILED, TIMEOUT/);
  assert.match(message, /retry.times: there is no such setting/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FunctionError, InvalidInputError, type PoolError } from '../../runtime/errors/pool-errors.ts';
import { readRetry, waitAfter } from '../../runtime/invocation/retry.ts';

const context = { functionName: 'resize', invocationId: '01' };
const failed = new FunctionError('no', context);

/** The waits after the first attempts, with as much left out as this random number says. */
function waits(
  retry: unknown,
  random: number,
  count: number,
  error: PoolError = failed,
): (number | undefined)[] {
  const { random: original } = Math;
  Math.random = () => random;
  try {
    return Array.from({ length: count }, (_, index) => waitAfter(error, index + 1, readRetry(retry)));
  } finally {
    Math.random = original;
  }
}

test('each wait is twice as long as the one before, up to a minute', () => {
  assert.deepEqual(waits({ attempts: 9, backoff: 100 }, 0, 4), [100, 200, 400, 800]);
  assert.deepEqual(waits({ attempts: 9, backoff: '20s' }, 0, 4), [20_000, 40_000, 60_000, 60_000]);
  assert.deepEqual(waits({ attempts: 9 }, 0, 2), [1_000, 2_000]);
});

test('a wait that is set to more than a minute stays as long as it is', () => {
  assert.deepEqual(waits({ attempts: 9, backoff: '1h' }, 0, 3), [3_600_000, 3_600_000, 3_600_000]);
});

test('up to half of each wait is left out at random', () => {
  assert.deepEqual(waits({ attempts: 9, backoff: 100 }, 0.5, 3), [75, 150, 300]);
  const [least] = waits({ attempts: 9, backoff: 100 }, 1 - Number.EPSILON, 1);
  assert((least as number) >= 50 && (least as number) < 50.01, String(least));
});

test('there is no wait, and no further attempt, after what another attempt would not change', () => {
  const invalid = new InvalidInputError('no', { ...context, issues: [] });
  assert.deepEqual(waits({ attempts: 9, on: () => true }, 0, 1, invalid), [undefined]);
});

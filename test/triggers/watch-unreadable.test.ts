import assert from 'node:assert/strict';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { type TestContext, test } from 'node:test';
import { until } from '../support/wait.ts';
import { fileOf, Watch } from './support-watch.ts';

/** Has the system refuse looks at a file of this name, by the number of the look, as a network file system may. */
function refuseLooks(t: TestContext, name: string, isRefused: (look: number) => boolean): { count: number } {
  const looks = { count: 0 };
  const { lstat } = fsPromises;
  t.mock.method(fsPromises, 'lstat', async (...args: Parameters<typeof lstat>) => {
    if (!String(args[0]).endsWith(name)) return lstat(...args);
    looks.count += 1;
    if (isRefused(looks.count)) throw Object.assign(new Error('EIO: i/o error, lstat'), { code: 'EIO' });
    return lstat(...args);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return looks;
}

const never = 600_000;

for (const { found, timings } of [
  { found: 'before long', timings: { firstRetry: 10, sweep: never } },
  { found: 'by the sweep at the latest', timings: { firstRetry: never, sweep: 20 } },
]) {
  for (const [number, what] of [
    [1, 'is new'],
    [2, 'is arriving'],
  ] as const) {
    test(`a file that can't be looked at for a moment while it ${what} is found ${found}`, async (t) => {
      // Without a check of its format it takes two looks that agree.
      const watch = await Watch.start(t, { timings });
      refuseLooks(t, 'report.txt', (look) => look === number);
      watch.land('report.txt', Buffer.from('content'));
      assert.equal(fileOf(await watch.pool.next()), 'report.txt');
      const warnings = watch.pool.linesLike('warn');
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]?.message ?? '', /report\.txt can't be read: EIO/);
    });
  }
}

test('a file that can never be looked at is asked for again and again, is told of once, and holds nobody up', async (t) => {
  const watch = await Watch.start(t, { timings: { firstRetry: 1, longestRetry: 5 } });
  const looks = refuseLooks(t, 'lost.txt', () => true);
  watch.land('lost.txt', Buffer.from('content'));
  await until('it was asked for often', () => looks.count > 20);
  watch.land('other.txt', Buffer.from('content'));
  const other = await watch.pool.next();
  assert.equal(fileOf(other), 'other.txt');
  other.succeed();
  assert.equal(watch.pool.linesLike('warn').length, 1);
});

test('a file on which the trigger itself failed is looked at again', async (t) => {
  let failures = 1;
  const watch = Watch.prepare(t, {
    timings: { firstRetry: 10 },
    options: {
      complete: () => {
        failures -= 1;
        if (failures >= 0) throw new Error('no idea');
        return 'whole';
      },
    },
  });
  // Whatever it fails on: here it is the user's own logger.
  const { log } = watch.pool.context;
  const warn = t.mock.method(log, 'warn', () => {
    throw new Error('the disk of the log is full');
  });
  await watch.trigger.start(watch.pool.context);
  watch.land('photo.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'photo.jpg');
  assert.equal(warn.mock.callCount(), 1);
  assert.equal(watch.pool.linesLike('error', /itself failed on photo\.jpg: .*log is full/).length, 1);
});

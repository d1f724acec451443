import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueueFullError } from '../../runtime/errors/pool-errors.ts';
import type { Cleanup } from '../support/project.ts';
import { until, within } from '../support/wait.ts';
import { HeldUpStore } from './support-held-up.ts';
import { Schedule, type ScheduleSetup } from './support-schedule.ts';

const start = '2025-01-01T02:00:00Z';
const first = '2025-01-01T03:00:00Z';
const second = '2025-01-01T04:00:00Z';
const third = '2025-01-01T05:00:00Z';

/** A schedule whose data folder is full whenever the test says so. */
async function startOnDisk(
  t: Cleanup,
  setup: Partial<ScheduleSetup> = {},
): Promise<{ schedule: Schedule; disk: HeldUpStore }> {
  let disk: HeldUpStore | undefined;
  const schedule = await Schedule.start(t, {
    now: start,
    ...setup,
    options: { cron: '0 * * * *', ...setup.options },
    prepare: (pool) => {
      disk = HeldUpStore.of(pool);
    },
  });
  assert(disk);
  return { schedule, disk };
}

test('a run whose time comes while the data folder is full waits for room, and is run once', async (t) => {
  const { schedule, disk } = await startOnDisk(t);
  disk.hold();
  schedule.clock.goTo(first);
  await until('the run waits', () => disk.waiting === 1);
  schedule.clock.pass(30 * 60_000);
  assert.deepEqual(schedule.times, [], 'it has begun all the same');

  disk.release();
  (await schedule.next(first)).succeed();
  await schedule.pool.line('info', /^work of 2025-01-01 03:00:00 UTC: done/);
  schedule.clock.goTo(second);
  (await schedule.next(second)).succeed();
  await schedule.pool.line('info', /^work of 2025-01-01 04:00:00 UTC: done/);
  assert.equal(schedule.pool.calls.length, 2);
  assert.deepEqual(schedule.pool.context.store.counts(), { done: 2 });
});

test('of the times that come while a run waits for room, `overlap` says what becomes', async (t) => {
  const expected = { skip: [first], queue: [first, third], allow: [first, second, third] };
  for (const [overlap, times] of Object.entries(expected)) {
    const { schedule, disk } = await startOnDisk(t, {
      options: { overlap: overlap as keyof typeof expected },
      handler: () => undefined,
      concurrency: 3,
    });
    disk.hold();
    for (const time of [first, second, third]) schedule.clock.goTo(time);
    await until('all wait that are to', () => disk.waiting === (overlap === 'allow' ? 3 : 1));
    assert.deepEqual(schedule.times, []);
    disk.release();
    await until('they are run', () => schedule.pool.context.store.counts().done === times.length);
    assert.deepEqual(
      schedule.times.map((time) => Date.parse(time)),
      times.map((time) => Date.parse(time)),
      overlap,
    );
  }
});

test('another attempt waits for room too, so that it is counted before it begins', async (t) => {
  const { schedule, disk } = await startOnDisk(t, { options: { attempts: 2 } });
  schedule.clock.goTo(first);
  const attempt = await schedule.next(first);
  disk.hold();
  attempt.fail(new Error('no luck'));
  await schedule.pool.line('warn', /attempt 2 of 2 in 1 s$/);
  schedule.clock.pass(1000);
  await until('the attempt waits', () => disk.waiting === 1);
  schedule.clock.pass(60_000);
  assert.equal(schedule.pool.calls.length, 1);
  disk.release();
  (await schedule.next(first)).fail(new Error('no luck at all'));
  await schedule.pool.line('error', /failed 2 times, at last: no luck at all$/);
  assert.equal(schedule.pool.calls.length, 2);
});

test('a run that still waits for room when the runtime stops is there at the next start', async (t) => {
  const { schedule, disk } = await startOnDisk(t);
  disk.hold();
  schedule.clock.goTo(first);
  await until('the run waits', () => disk.waiting === 1);
  await within('the stop', schedule.trigger.stop());
  assert.deepEqual(schedule.pool.calls, []);
  assert.deepEqual(schedule.pool.context.store.counts(), { queued: 1 });
  disk.release();
  await schedule.pool.kept();

  const options = { cron: '0 * * * *', missed: 'once' } as const;
  const again = await Schedule.start(t, { now: '2025-01-01T03:30:00Z', options, after: schedule });
  const run = await again.next(first);
  assert.deepEqual(run.args, { scheduledAt: new Date(first), isMissed: true });
  run.succeed();
  await again.settled();
  assert.equal(again.pool.calls.length, 1);
});

test('that the queue is full is no attempt: the run is tried again until it is taken, and has all of its attempts', async (t) => {
  const schedule = await Schedule.start(t, { now: start, options: { attempts: 2 } });
  const { pool, clock } = schedule;
  const waits = async () => until('it waits', () => pool.context.store.counts().waiting === 1);
  clock.goTo(first);
  for (const seconds of [1, 2, 4]) {
    (await schedule.next(first)).fail(new QueueFullError('The queue is full'), 'failed');
    await waits();
    clock.pass(seconds * 1000);
  }
  const lines = pool.linesLike('error').map(({ message }) => message);
  assert.deepEqual(lines, ["work of 2025-01-01 03:00:00 UTC can't be run and waits: The queue is full"]);

  (await schedule.next(first)).fail(new Error('no luck'));
  await pool.line('warn', /03:00:00 UTC failed: no luck; attempt 2 of 2 in 1 s$/);
  clock.pass(1000);
  (await schedule.next(first)).fail(new QueueFullError('The queue is full again'));
  await until('it is told again', () => pool.linesLike('error').length === 2);
  clock.pass(1000);
  (await schedule.next(first)).succeed();
  await pool.line('info', /^work of 2025-01-01 03:00:00 UTC: done/);
  assert.equal(pool.calls.length, 6);
  assert.deepEqual(pool.context.store.counts(), { done: 1 });
});

test('a run that a full queue still refuses when the next time comes is given up', async (t) => {
  const schedule = await Schedule.start(t, { now: start, options: { cron: '*/2 * * * * *', attempts: 1 } });
  const { pool, clock } = schedule;
  const [refused, next] = ['2025-01-01T02:00:02Z', '2025-01-01T02:00:04Z'];
  for (const time of [refused, '2025-01-01T02:00:03Z']) {
    clock.goTo(time);
    (await schedule.next(refused)).fail(new QueueFullError('The queue is full'));
    await until('it waits', () => pool.context.store.counts().waiting === 1);
  }
  clock.goTo(next);
  await pool.line('error', /02:00:02 UTC could not be run: The queue is full; its next time has come$/);
  (await schedule.next(next)).succeed();
  await pool.line('info', /^work of 2025-01-01 02:00:04 UTC: done/);
  assert.deepEqual(pool.context.store.counts(), { failed: 1, done: 1 });
});

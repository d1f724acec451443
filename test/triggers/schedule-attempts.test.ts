import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FunctionNotFoundError,
  InvalidInputError,
  WorkerCrashedError,
} from '../../runtime/errors/pool-errors.ts';
import type { ScheduleOptions } from '../../runtime/triggers/schedule/options.ts';
import type { Cleanup } from '../support/project.ts';
import { Schedule } from './support-schedule.ts';

const start = '2025-01-01T02:00:00Z';
const time = '2025-01-01T03:00:00Z';
const succeed = () => undefined;

test('a failed run is logged with its reason, and the next time comes as usual', async (t) => {
  const schedule = await Schedule.start(t, { now: start });
  schedule.clock.goTo(time);
  (await schedule.next(time)).fail(new RangeError('the disk is full'));
  await schedule.pool.line('error', /^work of 2025-01-01 03:00:00 UTC failed: RangeError: the disk is full$/);
  await schedule.goThrough('2025-01-02T03:00:00Z');
  await schedule.next('2025-01-02T03:00Z');
  assert.deepEqual(schedule.pool.context.store.counts(), { failed: 1, running: 1 });
});

test('with `attempts` a run is tried again after 1, 4 and 16 seconds, then after 30 each', async (t) => {
  const schedule = await Schedule.start(t, { now: start, options: { attempts: 6 } });
  schedule.clock.goTo(time);
  for (const [index, seconds] of [1, 4, 16, 30, 30].entries()) {
    (await schedule.next(time)).fail(new Error('no luck'));
    await schedule.pool.line(
      'warn',
      new RegExp(`03:00:00 UTC failed: no luck; attempt ${index + 2} of 6 in ${seconds} s$`),
    );
    schedule.clock.pass(seconds * 1000 - 1);
    await schedule.settled();
    assert.equal(schedule.pool.untaken.length, 0, `${seconds} s have not gone by`);
    schedule.clock.pass(1);
  }
  (await schedule.next(time)).fail(new Error('no luck at all'));
  await schedule.pool.line('error', /03:00:00 UTC failed 6 times, at last: no luck at all$/);
  await schedule.goThrough('2025-01-01T12:00:00Z');
  assert.equal(schedule.pool.calls.length, 6);
  assert.deepEqual(schedule.pool.context.store.counts(), { failed: 1 });
});

test('a crash is a failed attempt; a run that succeeds in the end is done', async (t) => {
  const schedule = await Schedule.start(t, { now: start, options: { attempts: 2 } });
  schedule.clock.goTo(time);
  const crash = new WorkerCrashedError('died', { exitCode: 1, signal: null, stderr: [] });
  (await schedule.next(time)).fail(crash, 'crashed');
  await schedule.pool.line('warn', /attempt 2 of 2 in 1 s/);
  assert.deepEqual(schedule.pool.context.store.counts(), { waiting: 1 });
  schedule.clock.pass(1000);
  (await schedule.next(time)).succeed();
  await schedule.pool.line('info', /: done in/);
  assert.deepEqual(schedule.pool.context.store.counts(), { done: 1 });
});

test('attempts are counted beyond a kill, which comes before an attempt or in the middle of it', async (t) => {
  const options = { attempts: 3, missed: 'once' } as const;
  const first = await Schedule.start(t, { now: start, options });
  first.clock.goTo(time);
  (await first.next(time)).fail(new Error('first'));
  await first.pool.line('warn', /attempt 2 of 3/);
  await first.settled();
  const second = await Schedule.start(t, { now: '2025-01-01T03:10:00Z', after: first, options });
  (await second.next(time)).fail(new Error('second'));
  await second.pool.line('warn', /attempt 3 of 3/);
  second.clock.pass(4_000);
  await second.next(time);
  const third = await Schedule.start(t, { now: '2025-01-01T03:20:00Z', after: second, options });
  (await third.next(time)).fail(new Error('third'));
  await third.pool.line('error', /failed 3 times, at last: third/);
});

/** A schedule for every second second, whose run of 02:00:02 has failed twice and waits 4 s for its last attempt. */
async function failTwice(t: Cleanup, options: Partial<ScheduleOptions> = {}): Promise<Schedule> {
  const schedule = await Schedule.start(t, {
    now: start,
    options: { cron: '*/2 * * * * *', attempts: 3, ...options },
  });
  schedule.clock.goTo('2025-01-01T02:00:02Z');
  (await schedule.next('2025-01-01T02:00:02Z')).fail(new Error('no luck'));
  await schedule.pool.line('warn', /attempt 2 of 3 in 1 s/);
  schedule.clock.goTo('2025-01-01T02:00:03Z');
  (await schedule.next('2025-01-01T02:00:02Z')).fail(new Error('still none'));
  await schedule.pool.line('warn', /attempt 3 of 3 in 4 s/);
  return schedule;
}

test('a run that waits for another attempt makes way for that of the next time', async (t) => {
  const schedule = await failTwice(t);
  schedule.clock.goTo('2025-01-01T02:00:04Z');
  (await schedule.next('2025-01-01T02:00:04Z')).succeed();
  await schedule.pool.line('error', /02:00:02 UTC failed: still none; its next time has come$/);
  schedule.clock.goTo('2025-01-01T02:00:05.900Z');
  await schedule.settled();
  assert.equal(schedule.pool.calls.length, 3);
});

test("with `overlap: 'allow'` a run keeps its attempts when the next time comes", async (t) => {
  const schedule = await failTwice(t, { overlap: 'allow' });
  schedule.clock.goTo('2025-01-01T02:00:04Z');
  await schedule.next('2025-01-01T02:00:04Z');
  schedule.clock.goTo('2025-01-01T02:00:05.500Z');
  await schedule.settled();
  schedule.clock.goTo('2025-01-01T02:00:07Z');
  await schedule.settled();
  assert.equal(schedule.times.filter((each) => each === '2025-01-01T02:00:02.000Z').length, 3);
});

test('what can never succeed is not tried again', async (t) => {
  const schedule = await Schedule.start(t, { now: start, options: { attempts: 3 } });
  schedule.clock.goTo(time);
  (await schedule.next(time)).fail(new InvalidInputError('days is missing', { issues: [] }));
  await schedule.pool.line('error', /03:00:00 UTC failed: days is missing$/);
  schedule.clock.pass(60_000);
  await schedule.settled();
  assert.equal(schedule.pool.calls.length, 1);
});

test('`args` that throws is a failed run, and no other', async (t) => {
  let isBroken = true;
  const args = () => {
    if (isBroken) throw new TypeError('no such day');
    return 'fine';
  };
  const schedule = await Schedule.start(t, { now: start, options: { args, attempts: 3 } });
  schedule.clock.goTo(time);
  await schedule.pool.line('error', /03:00:00 UTC failed: `args` threw TypeError: no such day$/);
  isBroken = false;
  await schedule.goThrough('2025-01-02T03:00:00Z');
  assert.equal((await schedule.pool.next()).args, 'fine');
  assert.equal(schedule.pool.calls.length, 1);
});

test('a run whose function is missing waits for it, until its next time comes', async (t) => {
  let isThere = false;
  const schedule = await Schedule.start(t, {
    now: start,
    handler: () => {
      if (!isThere) throw new FunctionNotFoundError('There is no function "work"', {} as never);
    },
  });
  schedule.clock.goTo(time);
  await schedule.pool.line('error', /03:00:00 UTC can't be run and waits: There is no function "work"$/);
  await schedule.goThrough('2025-01-01T04:00:00Z');
  assert.equal(schedule.pool.linesLike('error').length, 1, 'it is told once');
  isThere = true;
  await schedule.goThrough('2025-01-01T05:00:00Z');
  await schedule.pool.line('info', /^work of 2025-01-01 03:00:00 UTC: done/);

  isThere = false;
  await schedule.goThrough('2025-01-03T02:59:50Z');
  await schedule.goThrough('2025-01-03T03:00:00Z');
  await schedule.pool.line(
    'error',
    /01-02 03:00:00 UTC could not be run: There is no function "work"; its next time has come$/,
  );
  isThere = true;
  await schedule.goThrough('2025-01-03T04:00:00Z');
  await schedule.pool.line('info', /^work of 2025-01-03 03:00:00 UTC: done/);
  assert.deepEqual(schedule.pool.context.store.counts(), { done: 2, failed: 1 });
});

test('of the runs that have ended, the last hundred are kept', async (t) => {
  const options = { cron: '*/30 * * * *' };
  const schedule = await Schedule.start(t, { now: start, options, handler: succeed });
  await schedule.goThrough('2025-01-04T05:00:00Z');
  assert.equal(schedule.pool.calls.length, 150);
  assert.deepEqual(schedule.pool.context.store.counts(), { done: 100 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScheduleOptions } from '../../runtime/triggers/schedule/options.ts';
import { Schedule, type ScheduleSetup } from './support-schedule.ts';

const succeed = () => undefined;
const once = { missed: 'once' } as const;

/** A schedule that has run on the first of January, at three, and was stopped. */
async function ranBefore(
  t: Parameters<typeof Schedule.start>[0],
  options: Partial<ScheduleOptions> = {},
): Promise<Schedule> {
  const setup: ScheduleSetup = { now: '2025-01-01T02:00:00Z', options, handler: succeed };
  const schedule = await Schedule.start(t, setup);
  await schedule.goThrough('2025-01-01T04:00:00Z');
  await schedule.pool.line('info', /: done in/);
  await schedule.trigger.stop();
  await schedule.settled();
  return schedule;
}

test('times that came while nothing ran are left out, and told', async (t) => {
  const after = await ranBefore(t);
  const schedule = await Schedule.start(t, { now: '2025-01-04T12:00:00Z', after });
  await schedule.pool.line('info', /^3 times were missed, the last 2025-01-04 03:00:00 UTC: left out$/);
  await schedule.settled();
  assert.deepEqual(schedule.times, []);
  await schedule.goThrough('2025-01-05T03:00:00Z');
  await schedule.next('2025-01-05T03:00Z');
});

test("with `missed: 'once'` one run at the start makes up for all of them", async (t) => {
  const after = await ranBefore(t, once);
  const schedule = await Schedule.start(t, { now: '2025-01-04T12:00:00Z', after, options: once });
  const run = await schedule.next('2025-01-04T03:00Z');
  assert.deepEqual(run.args, { scheduledAt: new Date('2025-01-04T03:00Z'), isMissed: true });
  await schedule.pool.line('info', /^3 times were missed.*: one run of work makes up for that$/);
  run.succeed();
  await schedule.settled();
  const again = await Schedule.start(t, { now: '2025-01-04T13:00:00Z', after: schedule, options: once });
  await again.settled();
  assert.deepEqual(again.times, [], 'what was made up for is not missed any more');
});

test('a time that came before the first start was not missed, and neither was one of another pattern', async (t) => {
  const first = await Schedule.start(t, { now: '2025-01-01T12:00:00Z', options: { ...once, id: 'work' } });
  await first.settled();
  const options = { ...once, id: 'work', cron: '0 9 * * *' };
  const second = await Schedule.start(t, { now: '2025-01-03T12:00:00Z', after: first, options });
  await second.settled();
  const elsewhere = { ...options, timezone: 'Asia/Tokyo' };
  const third = await Schedule.start(t, { now: '2025-01-05T12:00:00Z', after: second, options: elsewhere });
  await third.settled();
  const fourth = await Schedule.start(t, { now: '2025-01-07T12:00:00Z', after: third, options: elsewhere });
  await fourth.next('2025-01-07T00:00Z');
  assert.deepEqual(
    [first, second, third].flatMap(({ times }) => times),
    [],
  );
});

test('a time that came after the start and before a kill was not missed', async (t) => {
  const first = await Schedule.start(t, { now: '2025-01-01T02:00:00Z', options: once, handler: succeed });
  await first.goThrough('2025-01-01T03:00:00Z');
  await first.pool.line('info', /: done in/);
  await first.settled();
  const second = await Schedule.start(t, { now: '2025-01-01T03:00:30Z', after: first, options: once });
  await second.settled();
  assert.deepEqual(second.times, []);
});

test('a run that was cut off by a kill is left out, and told', async (t) => {
  const first = await Schedule.start(t, { now: '2025-01-01T02:00:00Z' });
  await first.goThrough('2025-01-01T03:00:00Z');
  await first.next('2025-01-01T03:00Z');
  const second = await Schedule.start(t, { now: '2025-01-01T03:10:00Z', after: first });
  await second.pool.line(
    'warn',
    /^work of 2025-01-01 03:00:00 UTC had not ended when the runtime did: left out$/,
  );
  await second.settled();
  assert.deepEqual(second.times, []);
  assert.deepEqual(second.pool.context.store.counts(), { failed: 1 });
});

test("with `missed: 'once'` a run that was cut off by a kill is made up for", async (t) => {
  const first = await Schedule.start(t, { now: '2025-01-01T02:00:00Z', options: once });
  await first.goThrough('2025-01-01T03:00:00Z');
  await first.next('2025-01-01T03:00Z');
  const second = await Schedule.start(t, { now: '2025-01-01T03:10:00Z', after: first, options: once });
  const run = await second.next('2025-01-01T03:00Z');
  assert.deepEqual(run.args, { scheduledAt: new Date('2025-01-01T03:00Z'), isMissed: true });
  run.succeed();
  await second.settled();
  assert.deepEqual(second.pool.context.store.counts(), { done: 1 });
});

test("with `missed: 'once'` one run makes up for what was cut off, what waited and what was missed", async (t) => {
  const options = { ...once, cron: '0 * * * *', overlap: 'queue' } as const;
  const first = await Schedule.start(t, { now: '2025-01-01T02:30:00Z', options });
  await first.goThrough('2025-01-01T04:30:00Z');
  await first.next('2025-01-01T03:00Z');
  assert.deepEqual(first.pool.context.store.counts(), { queued: 1, running: 1 });
  const second = await Schedule.start(t, { now: '2025-01-01T07:30:00Z', after: first, options });
  (await second.next('2025-01-01T07:00Z')).succeed();
  await second.settled();
  assert.equal(second.pool.calls.length, 1);
  assert.deepEqual(second.pool.context.store.counts(), { done: 1 });
});

test('a run in which the runtime is killed again and again is given up', async (t) => {
  let schedule = await Schedule.start(t, { now: '2025-01-01T02:00:00Z', options: once });
  await schedule.goThrough('2025-01-01T03:00:00Z');
  await schedule.next('2025-01-01T03:00Z');
  for (const day of [2, 3, 4]) {
    const now = `2025-01-0${day}T12:00:00Z`;
    schedule = await Schedule.start(t, { now, after: schedule, options: once });
    await schedule.next(`2025-01-0${day}T03:00Z`);
    await schedule.settled();
  }
  schedule = await Schedule.start(t, { now: '2025-01-05T12:00:00Z', after: schedule, options: once });
  await schedule.pool.line(
    'error',
    /^work of 2025-01-04 03:00:00 UTC was cut off 4 times in a row and is given up$/,
  );
  await schedule.settled();
  assert.deepEqual(schedule.times, []);
  await schedule.goThrough('2025-01-06T03:00:00Z');
  await schedule.next('2025-01-06T03:00Z');
});

test('so many missed times that nobody wants to count them are told as that', async (t) => {
  const options = { cron: '* * * * *' };
  const first = await Schedule.start(t, { now: '2025-01-01T02:00:00Z', options });
  await first.settled();
  const second = await Schedule.start(t, { now: '2027-01-01T02:00:00Z', after: first, options });
  await second.pool.line('info', /^more than 100 times were missed, the last 2027-01-01 02:00:00 UTC/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ScheduleOptions } from '../../runtime/triggers/schedule/options.ts';
import { Schedule } from './support-schedule.ts';

const succeed = () => undefined;

test('a function is invoked at each time of the pattern, and told which it is', async (t) => {
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:00:00Z', handler: succeed });
  schedule.clock.goTo('2025-01-02T02:59:59.999Z');
  await schedule.settled();
  assert.deepEqual(schedule.times, []);
  schedule.clock.goTo('2025-01-02T03:00:00Z');
  const first = await schedule.next('2025-01-02T03:00Z');
  assert.deepEqual(first.args, { scheduledAt: new Date('2025-01-02T03:00Z'), isMissed: false });
  await schedule.pool.line('info', /^work of 2025-01-02 03:00:00 UTC: done in \d+ ms$/);
  schedule.clock.goTo('2025-01-03T04:00:00Z');
  await schedule.next('2025-01-03T03:00Z');
  assert.equal(schedule.pool.calls.length, 2);
});

test('a start says when the function runs next, and so does the trigger', async (t) => {
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:00:00Z', handler: succeed });
  const [line] = schedule.pool.linesLike('info');
  assert.equal(line?.message, '0 3 * * * runs work, next at 2025-01-02 03:00:00 UTC');
  assert.deepEqual(schedule.trigger.nextAt, new Date('2025-01-02T03:00Z'));
  schedule.clock.goTo('2025-01-02T03:00:00Z');
  await schedule.next('2025-01-02T03:00Z');
  assert.deepEqual(schedule.trigger.nextAt, new Date('2025-01-03T03:00Z'));
  await schedule.trigger.stop();
  assert.equal(schedule.trigger.nextAt, undefined);
});

const argumentsOf: [string, ScheduleOptions['args'], unknown][] = [
  ['nothing', undefined, undefined],
  ['a value', { days: 30 }, { days: 30 }],
  ['no object', 30, 30],
  ['null', null, null],
  ['a function that makes them', ({ scheduledAt }) => scheduledAt.getUTCDate(), 2],
];
for (const [what, args, expected] of argumentsOf) {
  test(`the arguments may be ${what}`, async (t) => {
    const schedule = await Schedule.start(t, { now: '2025-01-01T12:00:00Z', options: { args } });
    schedule.clock.goTo('2025-01-02T03:00:00Z');
    assert.deepEqual((await schedule.pool.next()).args, expected);
  });
}

test('the pattern is meant in its time zone', async (t) => {
  const options = { timezone: 'Asia/Tokyo' };
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:00:00Z', options });
  schedule.clock.goTo('2025-01-01T18:00:00Z');
  await schedule.next('2025-01-01T18:00Z');
  assert.match(schedule.pool.linesLike('info')[0]?.message ?? '', /next at 2025-01-02 03:00:00 Asia\/Tokyo$/);
});

test('a pattern may have seconds', async (t) => {
  const options = { cron: '*/20 * * * * *' };
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:00:00.500Z', options, handler: succeed });
  for (const time of ['12:00:20', '12:00:40', '12:01:00']) {
    schedule.clock.goTo(`2025-01-01T${time}Z`);
    await schedule.next(`2025-01-01T${time}Z`);
    await schedule.settled();
  }
});

test('what is further away than a timer can hold comes in its time', async (t) => {
  const options = { cron: '0 0 1 3 *' };
  const schedule = await Schedule.start(t, { now: '2025-01-01T00:00:00Z', options });
  schedule.clock.goTo('2025-02-28T23:59:59Z');
  await schedule.settled();
  assert.deepEqual(schedule.times, []);
  schedule.clock.goTo('2025-03-01T00:00:00Z');
  await schedule.next('2025-03-01T00:00Z');
});

/** The times of a pattern on the days around a change of the clock in Berlin. */
async function timesInBerlin(
  ...[t, cron, from, to]: [Parameters<typeof Schedule.start>[0], string, string, string]
) {
  const options = { cron, timezone: 'Europe/Berlin', overlap: 'allow' } as const;
  const schedule = await Schedule.start(t, { now: from, options, handler: succeed });
  await schedule.goThrough(to);
  return schedule.times.map((time) => time.slice(5, 16));
}

test('a time that the change to summer time skips comes when the clock has jumped', async (t) => {
  const times = await timesInBerlin(t, '30 2 * * *', '2025-03-29T00:00Z', '2025-03-31T12:00Z');
  assert.deepEqual(times, ['03-29T01:30', '03-30T01:00', '03-31T00:30']);
});

test('a time that is there twice at the end of summer time comes once', async (t) => {
  const times = await timesInBerlin(t, '30 2 * * *', '2025-10-25T00:00Z', '2025-10-27T12:00Z');
  assert.deepEqual(times, ['10-25T00:30', '10-26T00:30', '10-27T01:30']);
});

test('a pattern of every hour goes through the hour that is there twice', async (t) => {
  const times = await timesInBerlin(t, '0 * * * *', '2025-10-25T23:30Z', '2025-10-26T02:30Z');
  assert.deepEqual(times, ['10-26T00:00', '10-26T01:00', '10-26T02:00']);
});

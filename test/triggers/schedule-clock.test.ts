import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Schedule } from './support-schedule.ts';

const succeed = () => undefined;
const hourly = { cron: '0 * * * *' };

test('a time that is noticed within a minute is run', async (t) => {
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:30:00Z', options: hourly });
  schedule.clock.jumpTo('2025-01-01T13:00:45Z');
  schedule.clock.pass(10_000);
  const run = await schedule.next('2025-01-01T13:00Z');
  assert.deepEqual(run.args, { scheduledAt: new Date('2025-01-01T13:00Z'), isMissed: false });
});

test('times that a sleep of the machine has missed are left out, and told', async (t) => {
  const schedule = await Schedule.start(t, {
    now: '2025-01-01T12:30:00Z',
    options: hourly,
    handler: succeed,
  });
  schedule.clock.jumpTo('2025-01-01T15:20:00Z');
  schedule.clock.pass(10_000);
  await schedule.pool.line('info', /^3 times were missed, the last 2025-01-01 15:00:00 UTC: left out$/);
  schedule.clock.goTo('2025-01-01T16:00:00Z');
  await schedule.next('2025-01-01T16:00Z');
});

test("with `missed: 'once'` one run makes up for all that a sleep has missed, as soon as it is over", async (t) => {
  const options = { ...hourly, missed: 'once' } as const;
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:30:00Z', options, handler: succeed });
  schedule.clock.jumpTo('2025-01-01T15:20:00Z');
  schedule.clock.pass(10_000);
  const run = await schedule.next('2025-01-01T15:00Z');
  assert.deepEqual(run.args, { scheduledAt: new Date('2025-01-01T15:00Z'), isMissed: true });
  await schedule.settled();
  schedule.clock.goTo('2025-01-01T16:00:00Z');
  assert.deepEqual((await schedule.next('2025-01-01T16:00Z')).args, {
    scheduledAt: new Date('2025-01-01T16:00Z'),
    isMissed: false,
  });
});

test('the run of the last time is the one for all, when that is not missed itself', async (t) => {
  for (const missed of ['skip', 'once'] as const) {
    const options = { ...hourly, missed };
    const schedule = await Schedule.start(t, { now: '2025-01-01T12:30:00Z', options, handler: succeed });
    schedule.clock.jumpTo('2025-01-01T15:00:20Z');
    schedule.clock.pass(10_000);
    const { args } = await schedule.next('2025-01-01T15:00Z');
    assert.deepEqual(args, { scheduledAt: new Date('2025-01-01T15:00Z'), isMissed: missed === 'once' });
    await schedule.pool.line('info', /^2 times were missed, the last 2025-01-01 14:00:00 UTC/);
    await schedule.settled();
    assert.equal(schedule.pool.calls.length, 1);
  }
});

test('no time comes twice when the clock is set back by up to three hours', async (t) => {
  const schedule = await Schedule.start(t, {
    now: '2025-01-01T12:30:00Z',
    options: hourly,
    handler: succeed,
  });
  await schedule.goThrough('2025-01-01T15:10:00Z');
  schedule.clock.jumpTo('2025-01-01T12:10:00Z');
  await schedule.goThrough('2025-01-01T16:00:00Z');
  assert.deepEqual(
    schedule.times.map((time) => time.slice(11, 13)),
    ['13', '14', '15', '16'],
  );
  assert.deepEqual(schedule.pool.linesLike('warn'), []);
});

test('a clock that is set back by more was wrong before: the schedule begins anew', async (t) => {
  const schedule = await Schedule.start(t, {
    now: '2031-01-01T12:30:00Z',
    options: hourly,
    handler: succeed,
  });
  await schedule.goThrough('2031-01-01T13:30:00Z');
  schedule.clock.jumpTo('2025-01-01T10:30:00Z');
  schedule.clock.pass(10_000);
  await schedule.pool.line(
    'warn',
    /^the clock was set back from 2031-01-01 13:00:00 UTC or later to 2025-01-01 10:30:10 UTC/,
  );
  await schedule.goThrough('2025-01-01T12:00:00Z');
  assert.deepEqual(schedule.times, [
    '2031-01-01T13:00:00.000Z',
    '2025-01-01T11:00:00.000Z',
    '2025-01-01T12:00:00.000Z',
  ]);
});

test('a clock that was set back while nothing ran is noticed at the start', async (t) => {
  const first = await Schedule.start(t, { now: '2031-01-01T12:30:00Z', options: hourly, handler: succeed });
  await first.goThrough('2031-01-01T13:30:00Z');
  await first.trigger.stop();
  const second = await Schedule.start(t, {
    ...{ now: '2025-01-01T10:30:00Z', options: { ...hourly, missed: 'once' }, handler: succeed },
    after: first,
  });
  await second.pool.line('warn', /^the clock was set back/);
  await second.goThrough('2025-01-01T11:00:00Z');
  assert.deepEqual(second.times, ['2025-01-01T11:00:00.000Z']);
});

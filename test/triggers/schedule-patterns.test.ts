import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cleanup } from '../support/project.ts';
import { Schedule } from './support-schedule.ts';

/** Each with the days and times, in UTC, that follow upon a moment. */
const patterns: [what: string, cron: string, from: string, times: string[]][] = [
  ['five fields begin with the minute', '5 3 * * *', '2025-01-31T12:00', ['02-01 03:05', '02-02 03:05']],
  [
    'six fields begin with the second',
    '*/10 * * * * *',
    '2025-01-01T00:00:35',
    ['01-01 00:00:40', '01-01 00:00:50', '01-01 00:01'],
  ],
  ['a second of a minute of a day', '30 5 3 * * *', '2025-01-01T12:00', ['01-02 03:05:30', '01-03 03:05:30']],
  [
    'lists, ranges and steps',
    '0,30 8-12/2 * * *',
    '2025-01-01T09:00',
    ['01-01 10:00', '01-01 10:30', '01-01 12:00', '01-01 12:30', '01-02 08:00'],
  ],
  [
    'names of months and days',
    '0 9 * JAN,MAR MON-FRI',
    '2025-01-30T12:00',
    ['01-31 09:00', '03-03 09:00', '03-04 09:00'],
  ],
  ['0 is Sunday', '0 3 * * 0', '2025-06-02T00:00', ['06-08 03:00', '06-15 03:00']],
  ['7 is Sunday', '0 3 * * 7', '2025-06-02T00:00', ['06-08 03:00', '06-15 03:00']],
  ['SUN is Sunday', '0 3 * * SUN', '2025-06-02T00:00', ['06-08 03:00', '06-15 03:00']],
  [
    '5-7 goes from Friday to Sunday',
    '0 3 * * 5-7',
    '2025-06-02T00:00',
    ['06-06 03:00', '06-07 03:00', '06-08 03:00', '06-13 03:00'],
  ],
  [
    'L is the last day of the month',
    '0 12 L * *',
    '2025-01-15T00:00',
    ['01-31 12:00', '02-28 12:00', '03-31 12:00', '04-30 12:00'],
  ],
  [
    'L is the 29th in February of a leap year',
    '0 12 L 2 *',
    '2024-01-15T00:00',
    ['2024-02-29 12:00', '2025-02-28 12:00'],
  ],
  // The 15th was a Wednesday, a Saturday, a Saturday, a Tuesday, a Thursday and a Sunday.
  [
    '15W is the weekday next to the 15th',
    '0 3 15W * *',
    '2025-01-01T00:00',
    ['01-15 03:00', '02-14 03:00', '03-14 03:00', '04-15 03:00', '05-15 03:00', '06-16 03:00'],
  ],
  // Saturday the 1st of February and of March: the weekday before it would be in another month.
  ['1W stays in its month', '0 3 1W * *', '2025-01-15T00:00', ['02-03 03:00', '03-03 03:00', '04-01 03:00']],
  [
    'MON#1 is the first Monday',
    '0 3 * * MON#1',
    '2025-01-01T00:00',
    ['01-06 03:00', '02-03 03:00', '03-03 03:00'],
  ],
  [
    'a day of the month or a day of the week will do',
    '0 3 13 * FRI',
    '2025-06-10T00:00',
    ['06-13 03:00', '06-20 03:00', '06-27 03:00', '07-04 03:00', '07-11 03:00', '07-13 03:00', '07-18 03:00'],
  ],
  [
    'with a + before the day of the week both have to fit',
    '0 3 13 * +FRI',
    '2025-06-01T00:00',
    ['2025-06-13 03:00', '2026-02-13 03:00', '2026-03-13 03:00', '2026-11-13 03:00'],
  ],
  ['@hourly', '@hourly', '2025-01-01T22:30', ['01-01 23:00', '01-02 00:00', '01-02 01:00']],
  ['@daily', '@daily', '2025-01-01T12:00', ['01-02 00:00', '01-03 00:00']],
  ['@weekly', '@weekly', '2025-06-02T00:00', ['06-08 00:00', '06-15 00:00']],
  ['@monthly', '@monthly', '2025-01-15T00:00', ['02-01 00:00', '03-01 00:00']],
  ['@yearly', '@yearly', '2025-01-15T00:00', ['2026-01-01 00:00', '2027-01-01 00:00']],
];

/** As in `01-31 12:00`, which is meant in the year of `from`. */
function timesOf(texts: readonly string[], from: string): string[] {
  const year = from.slice(0, 4);
  return texts.map((text) => {
    const full = text.length > 14 ? text : `${year}-${text}`;
    return new Date(`${full.replace(' ', 'T')}Z`).toISOString();
  });
}

function startAt(t: Cleanup, cron: string, from: string): Promise<Schedule> {
  const options = { cron, missed: 'once' } as const;
  return Schedule.start(t, { now: `${from}Z`, options, handler: () => undefined });
}

// The clock is looked at this often.
const longestNapMs = 10_000;

for (const [what, cron, from, texts] of patterns) {
  test(`${cron}: ${what}`, async (t) => {
    const times = timesOf(texts, from);
    const schedule = await startAt(t, cron, from);
    const announced: (string | undefined)[] = [];
    for (const time of times) {
      announced.push(schedule.trigger.nextAt?.toISOString());
      const shortlyBefore = Date.parse(time) - longestNapMs;
      if (shortlyBefore > schedule.clock.now()) schedule.clock.jumpTo(new Date(shortlyBefore).toISOString());
      schedule.clock.goTo(time);
      await schedule.settled();
    }
    assert.deepEqual(announced, times);
  });

  test(`${cron}: one run makes up for those of its times that are missed, and all are counted`, async (t) => {
    const times = timesOf(texts, from);
    const last = times.at(-1) ?? assert.fail();
    const schedule = await startAt(t, cron, from);
    schedule.clock.jumpTo(new Date(Date.parse(last) - longestNapMs / 2).toISOString());
    schedule.clock.pass(longestNapMs);
    const { args } = await schedule.next(last);
    assert.deepEqual(args, { scheduledAt: new Date(last), isMissed: true });
    const [line] = schedule.pool.linesLike('info', /missed/);
    assert.equal(line?.fields.missed, String(times.length - 1));
  });
}

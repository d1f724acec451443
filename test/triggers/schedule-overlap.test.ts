import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Schedule } from './support-schedule.ts';

const hourly = { cron: '0 * * * *' };

test('a time that comes while the run before it goes on is left out, and told once for each run', async (t) => {
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:30:00Z', options: hourly });
  await schedule.goThrough('2025-01-01T15:30:00Z');
  const run = await schedule.next('2025-01-01T13:00Z');
  assert.deepEqual(
    schedule.pool.linesLike('warn').map(({ message }) => message),
    ['work of 2025-01-01 14:00:00 UTC is left out: that of 2025-01-01 13:00:00 UTC still runs'],
  );
  assert.equal(schedule.pool.linesLike('debug', /is left out/).length, 1);
  run.succeed();
  await schedule.settled();
  await schedule.goThrough('2025-01-01T17:30:00Z');
  assert.deepEqual(schedule.times.slice(1), ['2025-01-01T16:00:00.000Z']);
  assert.equal(schedule.pool.linesLike('warn', /17:00:00 UTC is left out/).length, 1);
});

test("with `overlap: 'queue'` one run waits for the one before it, for the last time that came", async (t) => {
  const options = { ...hourly, overlap: 'queue' } as const;
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:30:00Z', options });
  await schedule.goThrough('2025-01-01T15:30:00Z');
  const first = await schedule.next('2025-01-01T13:00Z');
  assert.equal(schedule.pool.calls.length, 1);
  assert.deepEqual(schedule.pool.context.store.counts(), { queued: 1, running: 1 });
  first.succeed();
  const second = await schedule.next('2025-01-01T15:00Z');
  second.succeed();
  await schedule.settled();
  assert.equal(schedule.pool.calls.length, 2);
  assert.deepEqual(schedule.pool.context.store.counts(), { done: 2 });
  await schedule.goThrough('2025-01-01T16:00:00Z');
  await schedule.next('2025-01-01T16:00Z');
});

test("with `overlap: 'queue'` the one that waits runs also after one that failed", async (t) => {
  const options = { ...hourly, overlap: 'queue', attempts: 3 } as const;
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:30:00Z', options });
  await schedule.goThrough('2025-01-01T14:30:00Z');
  (await schedule.next('2025-01-01T13:00Z')).fail(new Error('no luck'));
  await schedule.next('2025-01-01T14:00Z');
  const [line] = schedule.pool.linesLike('error');
  assert.equal(line?.message, 'work of 2025-01-01 13:00:00 UTC failed: no luck; its next time has come');
});

test("with `overlap: 'allow'` each time is run", async (t) => {
  const options = { ...hourly, overlap: 'allow' } as const;
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:30:00Z', options, concurrency: 3 });
  await schedule.goThrough('2025-01-01T15:30:00Z');
  const runs = [];
  for (const hour of [13, 14, 15]) runs.push(await schedule.next(`2025-01-01T${hour}:00Z`));
  assert.deepEqual(schedule.pool.context.store.counts(), { running: 3 });
  for (const run of runs) run.succeed();
  await schedule.settled();
  assert.deepEqual(schedule.pool.context.store.counts(), { done: 3 });
});

test('a run that waits for a worker counts as one that goes on', async (t) => {
  const schedule = await Schedule.start(t, { now: '2025-01-01T12:30:00Z', options: hourly, concurrency: 0 });
  await schedule.goThrough('2025-01-01T14:30:00Z');
  assert.equal((await schedule.next('2025-01-01T13:00Z')).status, 'queued');
  assert.equal(schedule.pool.calls.length, 1);
});

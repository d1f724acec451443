import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RuntimeClosedError } from '../../runtime/errors/pool-errors.ts';
import { within } from '../support/wait.ts';
import { Schedule } from './support-schedule.ts';

const hourly = { cron: '0 * * * *' };
const now = '2025-01-01T12:30:00Z';

test('stop waits for what runs, and begins nothing more', async (t) => {
  const options = { ...hourly, overlap: 'queue' } as const;
  const schedule = await Schedule.start(t, { now, options });
  await schedule.goThrough('2025-01-01T14:30:00Z');
  const run = await schedule.next('2025-01-01T13:00Z');
  let hasStopped = false;
  const stopped = schedule.trigger.stop().then(() => {
    hasStopped = true;
  });
  await schedule.settled();
  assert.equal(run.status, 'running');
  assert.equal(hasStopped, false);
  run.succeed();
  await within('the trigger stops', stopped);
  await schedule.goThrough('2025-01-01T17:30:00Z');
  assert.equal(schedule.pool.calls.length, 1);
  assert.equal(schedule.clock.timers, 0);
  assert.deepEqual(schedule.pool.context.store.counts(), { done: 1, queued: 1 });
});

test('stop takes back what waits for a worker, and the next start finds it', async (t) => {
  const options = { ...hourly, missed: 'once' } as const;
  const schedule = await Schedule.start(t, { now, options, concurrency: 0 });
  schedule.clock.goTo('2025-01-01T13:00:00Z');
  const run = await schedule.next('2025-01-01T13:00Z');
  await within('the trigger stops', schedule.trigger.stop());
  assert.equal(run.status, 'cancelled');
  await schedule.settled();
  assert.deepEqual(schedule.pool.context.store.counts(), { queued: 1 });
  const again = await Schedule.start(t, { now: '2025-01-01T13:10:00Z', options, after: schedule });
  await again.next('2025-01-01T13:00Z');
});

test('stop does not wait for another attempt', async (t) => {
  const schedule = await Schedule.start(t, { now, options: { ...hourly, attempts: 3 } });
  schedule.clock.goTo('2025-01-01T13:00:00Z');
  (await schedule.next('2025-01-01T13:00Z')).fail(new Error('no luck'));
  await schedule.pool.line('warn', /attempt 2 of 3/);
  await within('the trigger stops', schedule.trigger.stop());
  assert.equal(schedule.clock.timers, 0);
});

test('after the signal of the runtime nothing begins, no other attempt either, also before `stop` is called', async (t) => {
  const schedule = await Schedule.start(t, { now, options: { ...hourly, attempts: 3 } });
  schedule.clock.goTo('2025-01-01T13:00:00Z');
  const run = await schedule.next('2025-01-01T13:00Z');
  schedule.pool.controller.abort();
  assert.equal(schedule.clock.timers, 0);
  assert.equal(schedule.trigger.nextAt, undefined);
  run.fail(new Error('no luck'));
  await schedule.settled();
  await within('the trigger stops', schedule.trigger.stop());
  assert.equal(schedule.clock.timers, 0);
  assert.equal(schedule.pool.calls.length, 1);
});

test('a run that fails while the trigger stops has its other attempts after the next start', async (t) => {
  const options = { ...hourly, attempts: 3, missed: 'once' } as const;
  const schedule = await Schedule.start(t, { now, options });
  schedule.clock.goTo('2025-01-01T13:00:00Z');
  const run = await schedule.next('2025-01-01T13:00Z');
  const stopped = schedule.trigger.stop();
  await schedule.settled();
  run.fail(new Error('no luck'));
  await within('the trigger stops', stopped);
  assert.equal(schedule.clock.timers, 0);
  await schedule.settled();
  const again = await Schedule.start(t, { now: '2025-01-01T13:10:00Z', options, after: schedule });
  (await again.next('2025-01-01T13:00Z')).fail(new Error('none again'));
  await again.pool.line('warn', /attempt 3 of 3/);
});

test('a run that the runtime kills as it closes counts as cut off', async (t) => {
  const options = { ...hourly, missed: 'once' } as const;
  const schedule = await Schedule.start(t, { now, options });
  schedule.clock.goTo('2025-01-01T13:00:00Z');
  const run = await schedule.next('2025-01-01T13:00Z');
  schedule.pool.controller.abort();
  const stopped = schedule.trigger.stop();
  run.fail(new RuntimeClosedError('was running when the runtime was closed'));
  await within('the trigger stops', stopped);
  assert.equal(schedule.clock.timers, 0);
  assert.deepEqual(schedule.pool.context.store.counts(), { running: 1 });
  const again = await Schedule.start(t, { now: '2025-01-01T13:10:00Z', options, after: schedule });
  await again.next('2025-01-01T13:00Z');
});

test('a schedule can be started again after it was stopped, and not twice', async (t) => {
  const schedule = await Schedule.start(t, { now, options: hourly, handler: () => undefined });
  await assert.rejects(schedule.trigger.start(schedule.pool.context), /started already/);
  await schedule.trigger.stop();
  schedule.clock.jumpTo('2025-01-01T13:30:00Z');
  await schedule.trigger.start(schedule.pool.context);
  await schedule.pool.line('info', /^the time 2025-01-01 13:00:00 UTC was missed: left out$/);
  await schedule.goThrough('2025-01-01T14:00:00Z');
  await schedule.next('2025-01-01T14:00Z');
});

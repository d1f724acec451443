import assert from 'node:assert/strict';
import { mkdirSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { FunctionError, InvalidInputError } from '../../runtime/errors/pool-errors.ts';
import { until, within } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { fileOf, filesBefore, filesOf, Watch } from './support-watch.ts';

const succeed = () => undefined;
const other = makeJpeg({ fill: 0x3c });

/** Lands files one after another, so that they are in line in this order. */
async function landInOrder(watch: Watch, names: readonly string[]): Promise<void> {
  for (const name of names) {
    watch.land(name);
    await watch.pool.line('debug', new RegExp(`^${name} is complete`));
  }
}

/** Lands a file and has its function fail, so that it waits for its next attempt. */
async function landToWait(watch: Watch, name: string): Promise<void> {
  watch.land(name);
  const call = await watch.pool.next();
  assert.equal(fileOf(call), name);
  call.fail(new FunctionError('not now'));
  await watch.pool.line('debug', new RegExp(`work failed on ${name}: .* attempt 2 of 3`));
}

async function end(watch: Watch, how: 'stopped' | 'killed'): Promise<void> {
  if (how === 'stopped') {
    const stopped = watch.trigger.stop();
    await until('what was queued is taken back', () =>
      watch.pool.calls.every(({ status }) => status !== 'queued'),
    );
    for (const call of watch.pool.calls) call.succeed();
    await within('the stop', stopped);
  }
  await watch.pool.kept();
}

for (const how of ['stopped', 'killed'] as const) {
  test(`what waited for an attempt when the runtime was ${how} is at the end of the line, behind what was in it`, async (t) => {
    const timings = { firstRetry: 600_000 };
    const watch = await Watch.start(t, { concurrency: 1, timings });
    await landToWait(watch, 'waits first.jpg');
    await landToWait(watch, 'waits second.jpg');
    const names = Array.from({ length: 9 }, (_, index) => `${index}.jpg`);
    await landInOrder(watch, names);
    await end(watch, how);

    const again = await Watch.start(t, { after: watch, concurrency: 1, handler: succeed, timings });
    await again.pool.line('info', /^work waits second\.jpg/);
    // One was running, and finished by a stop.
    const inLine = how === 'stopped' ? names.slice(1) : names;
    assert.deepEqual(filesOf(again.pool), [...inLine, 'waits first.jpg', 'waits second.jpg']);
  });

  test(`with \`existing: false\`, what landed since the runtime was ${how} is not taken up; what changed, was in line or waited is`, async (t) => {
    const setup = { options: { existing: false }, concurrency: 1, timings: { firstRetry: 600_000 } };
    const watch = await Watch.start(t, setup);
    for (const name of ['done.jpg', 'changed.jpg', 'touched.jpg']) {
      watch.land(name);
      (await watch.pool.next()).succeed();
      await watch.pool.line('info', new RegExp(`^work ${name}`));
    }
    for (const name of ['set aside.jpg', 'replaced.jpg']) {
      watch.land(name);
      (await watch.pool.next()).fail(new InvalidInputError('src: expected a string', { issues: [] }));
      await watch.pool.line('error', new RegExp(`${name} is set aside`));
    }
    await landToWait(watch, 'waits.jpg');
    const names = Array.from({ length: 7 }, (_, index) => `${index}.jpg`);
    await landInOrder(watch, names);
    await end(watch, how);

    for (const name of ['changed.jpg', 'replaced.jpg', '6.jpg']) watch.land(name, other);
    const later = new Date(Date.now() + 60_000);
    utimesSync(watch.path('touched.jpg'), later, later);
    mkdirSync(watch.path('album'));
    for (const name of ['landed.jpg', 'album/landed.jpg', 'landed and changed.jpg']) watch.land(name);

    const again = await Watch.start(t, { after: watch, ...setup, handler: succeed });
    const inLine = how === 'stopped' ? names.slice(1) : names;
    const expected = [...inLine, 'changed.jpg', 'replaced.jpg', 'touched.jpg', 'waits.jpg'];
    assert.deepEqual((await filesBefore(again, 'last')).sort(), expected.sort());
    // From now on it is a file like any other.
    again.land('landed and changed.jpg', other);
    await again.pool.line('info', /^work landed and changed\.jpg/);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until, within } from '../support/wait.ts';
import { HeldUpStore } from './support-held-up.ts';
import { Watch } from './support-watch.ts';

test('while nothing can be written down no more is found out than a few files, and all is when it can be', async (t) => {
  const watch = Watch.prepare(t, { handler: () => undefined });
  const held = HeldUpStore.of(watch.pool);
  await watch.trigger.start(watch.pool.context);
  watch.land('before.jpg');
  await watch.pool.line('info', /^work before\.jpg/);

  held.hold();
  for (let index = 0; index < 200; index += 1) watch.land(`${index}.jpg`);
  await until('looks wait for the disk', () => held.waiting >= 16);
  assert.ok(held.changes <= 16, `${held.changes} changes piled up`);
  held.release();
  await until('all are done', () => watch.pool.linesLike('info', /^work /).length === 201);
});

test('a database that is closed before it could be written costs no error, and nothing is handed in', async (t) => {
  const watch = Watch.prepare(t);
  const held = HeldUpStore.of(watch.pool);
  // The disk is full once the first file is up, and about to be handed in.
  held.holdWith('running');
  await watch.trigger.start(watch.pool.context);
  watch.land('first.jpg');
  await until('it waits for the disk', () => held.waiting > 0);
  watch.land('second.jpg');
  await until('so does a look, or somebody else', () => held.waiting > 1);
  const stopped = watch.trigger.stop();
  held.close();
  await within('the trigger stops', stopped);
  assert.deepEqual(watch.pool.linesLike('error'), []);
  assert.deepEqual(watch.pool.calls, []);
});

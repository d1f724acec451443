import assert from 'node:assert/strict';
import { linkSync, mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { look } from '../../runtime/triggers/watch/file-version.ts';
import { until } from '../support/wait.ts';
import { countTurns } from './support-turns.ts';
import { filesOf, publish, Watch } from './support-watch.ts';

const count = 8_000;

test('the sweep goes through thousands of known files in slices, between which everything else has its turn', async (t) => {
  const watch = Watch.prepare(t, { timings: { sweep: 20 } });
  const { store } = watch.pool.context;
  mkdirSync(watch.inbox);
  publish(watch.path('0.jpg'));
  const sight = await look(watch.path('0.jpg'), { followSymlinks: false });
  assert.equal(sight.kind, 'file');
  for (let index = 0; index < count; index += 1) {
    if (index > 0) linkSync(watch.path('0.jpg'), watch.path(`${index}.jpg`));
    store.set(`${index}.jpg`, { name: 'done', key: sight.version.key }, { group: 'done' });
  }
  await watch.trigger.start(watch.pool.context);

  const walked = countTurns(t);
  const asked = countTurns(t);
  const { keys, get } = store;
  t.mock.method(store, 'keys', function* (group?: string) {
    for (const key of keys(group)) {
      walked.count();
      yield key;
    }
  });
  t.mock.method(store, 'get', (key: string) => {
    asked.count();
    return get(key);
  });
  await until('it went through all of them three times', () => walked.sum >= 3 * count);
  assert.ok(asked.sum >= count, 'the names in the folder are compared with what is known');
  for (const { most } of [walked, asked]) assert.ok(most < count / 2, `${most} of ${count} in one turn`);
  assert.deepEqual(filesOf(watch.pool), []);
});

import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { filesOf, Watch } from './support-watch.ts';

const processAll = () => undefined;

const invalid = (start: string) =>
  Buffer.concat([Buffer.from(start), Buffer.from([0xe9]), Buffer.from('.jpg')]);

test('a name that is not UTF-8 is set aside with that reason, once; U+FFFD itself is a fine name', async (t) => {
  const watch = await Watch.start(t, {
    handler: processAll,
    options: { match: '*.jpg' },
    prepare(inbox) {
      mkdirSync(inbox);
      writeFileSync(invalid(join(inbox, 'caf')), makeJpeg());
    },
  });
  const line = await watch.pool.line('error', /not valid UTF-8/);
  assert.match(line.message, /^caf\\xe9\.jpg is set aside/);
  writeFileSync(invalid(watch.path('th')), makeJpeg());
  await watch.pool.line('error', /^th\\xe9\.jpg is set aside/);
  watch.land('real-\uFFFD.jpg');
  await watch.pool.line('info', /work real-\uFFFD\.jpg/);
  assert.deepEqual(filesOf(watch.pool), ['real-\uFFFD.jpg']);
  assert.equal(watch.pool.linesLike('error').length, 2);
});

test('such a file is counted and listed for as long as it is there, and taken up when it is renamed', async (t) => {
  const watch = await Watch.start(t, { handler: processAll, timings: { rescanGap: 10 } });
  const root = watch.root;
  const opened = () => watch.trigger.openFiles({ root, store: watch.pool.context.store });
  mkdirSync(watch.path('trip'));
  writeFileSync(invalid(watch.path('trip', 'caf')), makeJpeg());
  await watch.pool.line(
    'error',
    /^trip\/caf\\xe9\.jpg is set aside until it changes: its name is not valid UTF-8/,
  );
  watch.land('other.jpg');
  await watch.pool.line('info', /work other\.jpg/);
  const files = await opened();
  assert.deepEqual(files.counts(), { done: 1, setAside: 1 });
  assert.deepEqual(
    [...files.list('setAside')],
    [
      {
        path: watch.path('trip', 'caf\\xe9.jpg'),
        state: 'setAside',
        reason: 'its name is not valid UTF-8: rename it to have it taken up',
      },
    ],
  );
  renameSync(invalid(watch.path('trip', 'caf')), watch.path('trip', 'café.jpg'));
  await watch.pool.line('info', /work trip\/café\.jpg/);
  await until('it is not listed any more', () => [...files.list('setAside')].length === 0);
  assert.deepEqual(files.counts(), { done: 2 });
});

/** Counts how often a folder is read, and how many of its entries at once. */
function countReadings(t: TestContext, folder: string): { count: number; largest: number } {
  const readings = { count: 0, largest: 0 };
  const take = (path: unknown, atOnce: number) => {
    if (path !== folder) return;
    readings.count += 1;
    readings.largest = Math.max(readings.largest, atOnce);
  };
  const { opendir, readdir } = fsPromises;
  t.mock.method(fsPromises, 'opendir', (...args: Parameters<typeof opendir>) => {
    take(args[0], args[1]?.bufferSize ?? 32);
    return opendir(...args);
  });
  t.mock.method(fsPromises, 'readdir', (...args: Parameters<typeof readdir>) => {
    take(args[0], Number.POSITIVE_INFINITY);
    return readdir(...args);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return readings;
}

const oddName = (folder: string, name: string) =>
  Buffer.concat([Buffer.from(join(folder, name)), Buffer.from([0xe9])]);

test('a name that is not UTF-8 is found among others without reading them all in one go', async (t) => {
  const watch = Watch.prepare(t, { timings: { rescanGap: 10 } });
  const readings = countReadings(t, watch.inbox);
  mkdirSync(watch.inbox);
  writeFileSync(oddName(watch.inbox, 'odd'), '');
  await watch.trigger.start(watch.pool.context);
  await watch.pool.line('error', /odd\\xe9 is set aside/);
  assert.equal(readings.count, 2);
  assert.ok(readings.largest <= 512, `${readings.largest} at once`);
});

test('what happens to names that are not UTF-8 does not have their folder read each time', async (t) => {
  const watch = await Watch.start(t, {
    handler: processAll,
    timings: { sweep: 600_000, rescanGap: 600_000 },
    prepare(inbox) {
      mkdirSync(inbox);
      writeFileSync(oddName(inbox, 'growing'), '');
    },
  });
  const readings = countReadings(t, watch.inbox);
  for (let round = 0; round < 10; round += 1) {
    appendFileSync(oddName(watch.inbox, 'growing'), 'more');
    writeFileSync(oddName(watch.inbox, `new-${round}`), '');
    // Its events come after theirs.
    watch.land(`${round}.jpg`);
    await watch.pool.line('info', new RegExp(`work ${round}\\.jpg`));
  }
  assert.equal(readings.count, 0);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FileStates } from '../../runtime/triggers/watch/file-state.ts';
import { OutputPlaces } from '../../runtime/triggers/watch/outputs.ts';
import { Receipts } from '../../runtime/triggers/watch/receipts.ts';
import { defaultTimings } from '../../runtime/triggers/watch/timings.ts';
import { Writers } from '../../runtime/triggers/watch/writers.ts';
import { openStore } from '../store/support-store.ts';
import { until } from '../support/wait.ts';
import { countTurns } from './support-turns.ts';
import { fileOf, publish, Watch } from './support-watch.ts';

const count = 300;

/** A trigger whose function runs for `long.jpg`, with many files held back that have its name in theirs. */
async function startWithHeld(t: TestContext): Promise<Watch> {
  const watch = await Watch.start(t, { concurrency: 2, timings: { sweep: 600_000 } });
  watch.land('first.jpg');
  const first = await watch.pool.next();
  publish(watch.path('first-small.jpg'));
  first.succeed({ outputs: [{ path: 'inbox/first-small.jpg' }] });
  await watch.pool.line('info', /^work first\.jpg/);
  watch.land('long.jpg');
  assert.equal(fileOf(await watch.pool.next()), 'long.jpg');
  for (let index = 0; index < count; index += 1) watch.land(`long-${index}.jpg`);
  await until('they are held back', () => watch.pool.context.store.counts().held === count);
  return watch;
}

test('when an invocation ends, files that wait for another one are not asked for', async (t) => {
  const watch = await startWithHeld(t);
  const { store } = watch.pool.context;
  const { get } = store;
  let reads = 0;
  t.mock.method(store, 'get', (key: string) => {
    if (key.startsWith('long')) reads += 1;
    return get(key);
  });
  for (let index = 0; index < 10; index += 1) {
    watch.land(`${index}.jpg`);
    (await watch.pool.next()).succeed();
    await watch.pool.line('info', new RegExp(`^work ${index}\\.jpg`));
  }
  assert.equal(reads, 0);
});

test('when theirs ends they are put back in line in slices, between which everything else has its turn', async (t) => {
  const watch = await startWithHeld(t);
  const { store } = watch.pool.context;
  const { set } = store;
  const turns = countTurns(t);
  t.mock.method(store, 'set', (...args: Parameters<typeof set>) => {
    if (args[2]?.group === 'queued') turns.count();
    set(...args);
  });
  watch.pool.handler = () => undefined;
  const long = watch.pool.calls.find((call) => fileOf(call) === 'long.jpg');
  long?.succeed();
  await until('all are in line again', () => turns.sum >= count);
  assert.ok(turns.most <= 100, `${turns.most} in one turn`);
  await until('all are done', () => watch.pool.linesLike('info', /^work /).length === count + 2);
});

test('what waited for an attempt when the runtime was killed is put back in line in slices', async (t) => {
  const watch = Watch.prepare(t);
  const { store } = watch.pool.context;
  const version = { key: 'k', size: 1, mtimeMs: 0, seenAt: 0 };
  const candidate = { version, verdict: 'whole', failures: 1, reruns: 0 };
  for (let index = 0; index < count; index += 1) {
    const waiting = { name: 'waiting', candidate, reason: 'not now', nextAt: 0 };
    store.set(`${index}.jpg`, waiting, { group: 'waiting', order: index });
  }
  const { set } = store;
  const turns = countTurns(t);
  t.mock.method(store, 'set', (...args: Parameters<typeof set>) => {
    turns.count();
    set(...args);
  });
  const started = watch.trigger.start(watch.pool.context);
  await until('all are in line', () => turns.sum >= count);
  await started;
  assert.ok(turns.most <= 100, `${turns.most} in one turn`);
});

test('thousands of interrupted invocations cost no look at their files, but for those that may have written this one', (t) => {
  const store = openStore(t).of('a trigger');
  const files = new FileStates(new Receipts(store));
  const places = new OutputPlaces();
  const writers = new Writers({ files, places, timings: defaultTimings });
  const seenBefore = performance.now();
  for (let index = 0; index < 2_000; index += 1) writers.began(`photos/${index}.jpg`);
  const { get } = store;
  let reads = 0;
  t.mock.method(store, 'get', (key: string) => {
    reads += 1;
    return get(key);
  });
  writers.suspect('photos/7.webp', seenBefore - 1);
  assert.equal(reads, 0, 'it was there before all of them');
  writers.suspect('photos/new.jpg', performance.now());
  assert.equal(reads, 0, 'it is one of them');
  writers.suspect('photos/7.webp', performance.now());
  assert.ok(reads > 0 && reads < 10, `${reads} reads`);
});

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { WorkerCrashedError } from 'warm-pool';
import { testEach } from '../conformance/support.ts';
import { within } from '../support/wait.ts';

/** They note each run before anything else. One ends its worker when it is told to, the other at some moment. */
const files = {
  'functions/mortal.js': `
    import fs from 'node:fs';
    const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
    export default ({ id, dies }) => {
      fs.writeSync(runs, id + ';');
      if (dies) process.exit(1);
      return id;
    };`,
  'functions/doomed.js': `
    import fs from 'node:fs';
    import { setTimeout as wait } from 'node:timers/promises';
    const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
    const deaths = fs.openSync(new URL('../deaths', import.meta.url), 'a');
    let isDoomed = false;
    export default async (id) => {
      if (!isDoomed) setTimeout(() => { fs.writeSync(deaths, ';'); process.exit(1); }, 5 + Math.random() * 100);
      isDoomed = true;
      fs.writeSync(runs, id + ';');
      if (id % 50 === 0) await wait(2);
      return id;
    };`,
};

const ids = (length: number) => Array.from({ length }, (_, index) => index + 1);

const count = 5_000;

/** One in so many ends its worker: in between, results are on their way together, and more is held ahead. */
const oneIn = 250;

testEach(
  'of a burst of short invocations, some of which end their worker, only those fail, and each runs once',
  async (_t, open) => {
    const { project, runtime } = await open({ min: 2, max: 2 }, files);
    const settled = await within(
      'all of them',
      Promise.allSettled(ids(count).map((id) => runtime.invoke('mortal', { id, dies: id % oneIn === 0 }))),
    );
    for (const [index, outcome] of settled.entries()) {
      const id = index + 1;
      if (id % oneIn !== 0) assert.deepEqual(outcome, { status: 'fulfilled', value: id });
      else assert(outcome.status === 'rejected' && outcome.reason instanceof WorkerCrashedError, `${id}`);
    }
    const runs = fs.readFileSync(project.path('runs'), 'utf8').split(';').slice(0, -1).map(Number);
    assert.deepEqual(
      runs.toSorted((a, b) => a - b),
      ids(count),
    );
  },
);

testEach(
  'a worker dies after it has sent results that are not read yet, and is written to: none of them is lost',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 }, files);
    // It has shown to be short: dozens are in the hands of the worker when it dies.
    await within('the first ones', Promise.all(ids(500).map((id) => runtime.invoke('mortal', { id }))));
    for (let round = 0; round < 5; round++) {
      const invocations = ids(200).map((id) => runtime.invoke('mortal', { id, dies: id === 50 }));
      // The first results are there; while nobody looks, the others come and the worker dies. Then it is told something.
      const running = invocations[0]?.then(() => {
        for (const start = performance.now(); performance.now() - start < 300; );
        const current = invocations.findIndex(({ status }) => status === 'running');
        invocations[current]?.cancel();
        // A thread may have told of all of them before it died.
        return current === -1 ? [] : [current + 1];
      });
      const outcomes = await within('all of them', Promise.allSettled(invocations));
      const failed = outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index + 1] : []));
      assert.deepEqual(new Set(failed), new Set([...((await running) ?? []), 50]));
    }
  },
);

/** A worker lives for up to 0.1 s: on a starved machine it does little in it, and the next one takes a second to come. */
const longestBurstMs = 180_000;

testEach('workers that end at any moment under load fail one invocation each at most', async (t, open) => {
  const { project, runtime } = await open({ min: 2, max: 2 }, files);
  const blamed: (number | undefined)[] = [];
  let done = 0;
  for (let burst = 0; burst < 20; burst++) {
    const ids = Array.from({ length: 300 }, (_, index) => burst * 300 + index);
    const invocations = ids.map((id) => runtime.invoke('doomed', id));
    const outcomes = await within('a burst', Promise.allSettled(invocations), longestBurstMs);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') {
        assert.equal(outcome.value, ids[index]);
        done++;
      } else {
        assert(outcome.reason instanceof WorkerCrashedError, String(outcome.reason));
        blamed.push(invocations[index]?.report?.worker);
      }
    }
  }
  const runs = fs.readFileSync(project.path('runs'), 'utf8').split(';').slice(0, -1);
  const deaths = fs.readFileSync(project.path('deaths'), 'utf8').length;
  t.diagnostic(`${deaths} deaths, ${blamed.length} failed`);
  assert(deaths > 0);
  assert(blamed.length <= deaths, `${blamed.length} failed by ${deaths} deaths`);
  assert(!blamed.includes(undefined), 'one failed in no worker');
  assert.equal(new Set(blamed).size, blamed.length, 'several failed with one worker');
  assert.equal(new Set(runs).size, runs.length, 'something ran twice');
  assert(runs.length >= done);
});

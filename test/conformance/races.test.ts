import assert from 'node:assert/strict';
import fs from 'node:fs';
import { CancelledError, type Runtime, TimeoutError, WorkerCrashedError } from 'warm-pool';
import { infoOf, type Running, rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { notesOf, placeOf, testEach, whoIs } from './support.ts';

interface Point {
  /** See runtime/worker/failure-point.ts. */
  readonly name: string;
  /** How many invocations a worker takes with it that dies there. */
  readonly cost: 0 | 1;
  /** Which time is in the middle of 600 invocations: what is short is handed over and sent by the dozen. */
  readonly late: number;
}

const points: Point[] = [
  { name: 'started', cost: 1, late: 30 },
  // The end of the one before is not lost with it.
  { name: 'journaled', cost: 1, late: 150 },
  { name: 'decoded', cost: 1, late: 150 },
  { name: 'ran', cost: 1, late: 150 },
  { name: 'encoded', cost: 1, late: 150 },
  { name: 'added', cost: 1, late: 150 },
  // What was sent counts, and the next one had not begun.
  { name: 'flushed', cost: 0, late: 50 },
];

const numbered = {
  'functions/short.js': `
    import fs from 'node:fs';
    const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
    export default (id) => { fs.writeSync(runs, id + ';'); return { id }; };`,
  'functions/short-async.js': `
    import fs from 'node:fs';
    const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
    export default async (id) => { fs.writeSync(runs, id + ';'); return { id }; };`,
};

for (const { name, cost, late } of points) {
  testEach(
    `workers that die when they have ${name}: each invocation ends once, ${cost === 0 ? 'none fails' : 'one fails with each'}`,
    async (t, open) => {
      for (const [time, count] of [
        [3, 9],
        [late, 600],
      ] as const) {
        const env = { WARM_POOL_FAIL_AT: `${name}:${time}` };
        const running = await open({ max: 1, env }, numbered);
        const crashes: string[] = [];
        let deaths = 0;
        let first = 0;
        // Whether ends are sent by the dozen depends on the clock: on a busy machine a worker may need some rounds.
        await until('a worker to come to the point', async () => {
          crashes.push(...(await runRound(running, first, count)));
          first += count;
          deaths = await deathsOf(running.runtime);
          return deaths > 0;
        });
        t.diagnostic(`${deaths} deaths, each the ${time}th time, in ${first} invocations`);
        assert.equal(crashes.length, cost * deaths, `by ${deaths} deaths: ${crashes.join('; ')}`);
      }
    },
  );
}

/** Runs so many, numbered from `first`, sees that each ran once and in its order, and returns why those failed that did. */
async function runRound({ project, runtime }: Running, first: number, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => first + index);
  const outcomes = ids.map((id) => runtime.invoke<{ id: number }>(isAsync(id) ? 'short-async' : 'short', id));
  const settled = await within('all of them', Promise.allSettled(outcomes));
  // Also of one whose begin and end are known by the journal alone.
  for (const { report } of outcomes) assert.equal(typeof report?.worker, 'number', 'all of them ran');
  const crashed = new Map<number, string>();
  for (const [index, outcome] of settled.entries()) {
    const id = first + index;
    if (outcome.status === 'fulfilled') assert.deepEqual(outcome.value, { id });
    else {
      assert(outcome.reason instanceof WorkerCrashedError, String(outcome.reason));
      crashed.set(id, outcome.reason.message);
    }
  }
  const written = fs.readFileSync(project.path('runs'), 'utf8').split(';').slice(0, -1).map(Number);
  const runs = written.filter((id) => id >= first);
  assert.equal(new Set(written).size, written.length, 'something ran twice');
  // Functions take turns, each with its own in their order.
  for (const kind of [false, true]) {
    const isOwn = (id: number) => isAsync(id) === kind && !crashed.has(id);
    assert.deepEqual(runs.filter(isOwn), ids.filter(isOwn), 'all in their order');
  }
  return [...crashed.values()];
}

const isAsync = (id: number) => id % 7 === 3;

/** Workers are numbered from 1, and one of them is left. */
async function deathsOf(runtime: Runtime): Promise<number> {
  const [last] = await until('the last worker', () => {
    const { workers } = runtime.stats();
    return workers.length === 1 && workers[0]?.state === 'ready' ? workers : undefined;
  });
  return (last?.id as number) - 1;
}

/** Where the result of the first run of `note` is there in some form, and the runtime has not heard of it. */
const beforeTheResult = ['started', 'decoded', 'ran', 'encoded', 'added'];
const hasRunAt = ['ran', 'encoded', 'added'];

for (const point of beforeTheResult) {
  testEach(
    `a cancel when the worker has ${point}: the caller is told, once, and the next runs`,
    async (t, open) => {
      const here = placeOf(t);
      const running = await open({
        max: 1,
        killGrace: '60s',
        env: { WARM_POOL_FAIL_AT: `${point}:1:${here}` },
      });
      const { runtime } = running;
      const invocation = runtime.invoke('note', 'first');
      const behind = runtime.invoke('note', 'second');
      let settled = 0;
      const watch = () => void settled++;
      invocation.then(watch, watch);
      await until('the worker to be there', () => fs.existsSync(here));
      invocation.cancel('too late');
      await rejectionOf(invocation, CancelledError);
      fs.rmSync(here);
      await within('the next one', behind);
      assert.equal(settled, 1);
      assert.equal(invocation.status, 'cancelled');
      const { cancelled, succeeded } = infoOf(runtime, 'note').stats;
      assert.deepEqual({ cancelled, succeeded }, { cancelled: 1, succeeded: 1 });
      // It may have begun already when it was cancelled, but it does not begin later.
      const notes = notesOf(running);
      if (!hasRunAt.includes(point) && notes.length === 1) assert.deepEqual(notes, ['second']);
      else assert.deepEqual(notes, ['first', 'second']);
      assert.equal(runtime.stats().workers[0]?.id, 1, 'the worker lives');
    },
  );
}

testEach(
  'a result that comes after the timeout, as its worker was held up, is discarded',
  async (t, open) => {
    const here = placeOf(t);
    const { runtime } = await open({
      max: 1,
      killGrace: '60s',
      env: { WARM_POOL_FAIL_AT: `encoded:1:${here}` },
    });
    const invocation = runtime.invoke('echo', 'too late', { timeout: 200 });
    await rejectionOf(invocation, TimeoutError);
    await until('the worker to be there', () => fs.existsSync(here));
    fs.rmSync(here);
    await whoIs(runtime);
    assert.equal(invocation.status, 'timedOut');
  },
);

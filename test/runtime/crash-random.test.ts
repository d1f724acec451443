import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Invocation, type RetryOptions, WorkerCrashedError } from 'warm-pool';
import { keepLines } from '../support/log-lines.ts';
import { runProject } from '../support/open-runtime.ts';
import type { Cleanup } from '../support/project.ts';
import { within } from '../support/wait.ts';

/**
 * Two cores take half a minute for these. More of them find rarer things: 10,000 take longer than a test may by default,
 * so `POOL_KILLS=10000 node test/run.js --test-timeout=3600000 crash-random`.
 */
const kills = Number(process.env.POOL_KILLS ?? 500);

/** What limits the rate of kills is how fast workers start: these are more than there are cores to start them. */
const workers = 6;

/** The share of kills that may hit a worker that has not run anything. The pool starts the next ones more slowly then. */
const freshShare = 0.1;

/** The longest time between two kills, in ms. */
const longestPause = 80;

/** Notes each run before anything else, so that one that runs twice is seen, also if a kill comes in between. */
const noting = (body: string) => `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
  export default ${body}`;

const files = {
  'functions/short.js': noting('(id) => { fs.writeSync(runs, id + ";"); return id; };'),
  'functions/short-async.js': noting('async (id) => { fs.writeSync(runs, id + ";"); return id; };'),
  'functions/wait.js': noting(`async ({ id, ms }) => {
    fs.writeSync(runs, id + ";");
    await setTimeout(ms);
    return id;
  };`),
  'functions/work.js': noting(`({ id, ms }) => {
    fs.writeSync(runs, id + ";");
    for (const end = performance.now() + ms; performance.now() < end; );
    return id;
  };`),
};

/** Seven of eight are short. Of the others some are over in a moment, and some last longer than most pauses between kills. */
function callOf(id: number): [name: string, args: unknown] {
  if (id % 8 !== 7) return [id % 3 === 0 ? 'short-async' : 'short', id];
  const turn = Math.floor(id / 8) % 8;
  if (turn < 6) return ['wait', { id, ms: 3 }];
  return [turn === 6 ? 'wait' : 'work', { id, ms: 20 + (id % 31) }];
}

/** Kills so many workers under load, and returns what became of each invocation and how often each ran. */
async function killAtRandom(t: Cleanup, kills: number, retry?: RetryOptions) {
  const { logger, lines } = keepLines();
  const config = { pool: { min: workers, max: workers } };
  const { project, runtime } = await runProject(t, files, { config, logger });
  const outcomes = new Map<number, 'done' | 'crashed'>();
  // By their numbers: pids come again. The end of one that was killed may not have been noticed yet.
  const killed = new Set<number>();
  let next = 0;
  let isKilling = true;

  const submit = async (): Promise<void> => {
    const id = next++;
    const [name, args] = callOf(id);
    const invocation: Invocation<number> = runtime.invoke(name, args, { retry });
    let outcome: 'done' | 'crashed' = 'done';
    try {
      assert.equal(await invocation, id);
    } catch (error) {
      if (!(error instanceof WorkerCrashedError)) throw error;
      outcome = 'crashed';
      assert(invocation.report && killed.has(invocation.report.worker), `the worker of ${id} was not killed`);
    }
    assert(!outcomes.has(id), `${id} was settled twice`);
    outcomes.set(id, outcome);
  };
  const caller = async () => {
    while (isKilling) await submit();
  };
  const bursts = async () => {
    while (isKilling) await Promise.all(Array.from({ length: 300 }, submit));
  };
  const load = Promise.all([...Array.from({ length: 20 }, caller), bursts()]);
  load.catch(() => {}); // awaited below

  while (killed.size < kills) {
    // Times of all sizes: in the middle of a burst, and when a worker has just come.
    await delay(Math.random() ** 3 * longestPause);
    const isFreshToo = Math.random() < freshShare;
    const ready = runtime.stats().workers.filter(({ state, invocations }) => {
      return (state === 'ready' || state === 'busy') && (isFreshToo || invocations > 0);
    });
    const victim = ready[Math.floor(Math.random() * ready.length)];
    if (victim?.pid === undefined || killed.has(victim.id)) continue;
    process.kill(victim.pid, 'SIGKILL');
    killed.add(victim.id);
  }
  isKilling = false;
  await within('all of them', load);
  await within('the drain', runtime.drain());

  // Each attempt that fails with its worker is logged.
  const blamed = lines.filter(({ level }) => level === 'error').map(({ fields }) => fields.worker as number);
  for (const worker of blamed) assert(killed.has(worker), `worker ${worker} was not killed`);
  assert.equal(new Set(blamed).size, blamed.length, 'several failed with one worker');
  const crashed = [...outcomes].filter(([, outcome]) => outcome === 'crashed').map(([id]) => id);
  assert.equal(outcomes.size, next);
  const runs = fs.readFileSync(project.path('runs'), 'utf8').split(';').slice(0, -1).map(Number);
  const hasRun = new Set(runs);
  for (const [id, outcome] of outcomes) if (outcome === 'done') assert(hasRun.has(id), `${id} did not run`);
  const { functions } = runtime.stats();
  const counts = Object.values(functions);
  assert.equal(
    counts.reduce((sum, { invocations }) => sum + invocations, 0),
    next,
  );
  assert.equal(
    counts.reduce((sum, { crashed: count }) => sum + count, 0),
    crashed.length,
  );
  return {
    invocations: next,
    crashed: crashed.length,
    blamed: blamed.length,
    again: runs.length - hasRun.size,
  };
}

test('workers killed at random under load: every invocation ends once, and of each kill at most one fails', async (t) => {
  const { invocations, crashed, blamed, again } = await killAtRandom(t, kills);
  t.diagnostic(`${kills} kills, ${invocations} invocations, ${crashed} crashed`);
  assert.equal(blamed, crashed);
  assert.equal(again, 0, 'something ran twice');
});

test('the same with retry: none fails, and of each kill at most one runs again', async (t) => {
  const fewer = kills / 5;
  // More than one can be hit in a row.
  const { invocations, crashed, blamed, again } = await killAtRandom(t, fewer, { attempts: 20, backoff: 1 });
  t.diagnostic(`${fewer} kills, ${invocations} invocations, ${again} of them ran again`);
  assert.equal(crashed, 0);
  assert(again <= blamed, `${again} ran again, of ${blamed} that were killed`);
});

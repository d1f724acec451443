import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime, WorkerStats } from 'warm-pool';
import { infoOf, type Running, runProject } from '../support/open-runtime.ts';
import { isAlive, until, within } from '../support/wait.ts';

const files = {
  'functions/pid.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, process.pid);`,
};

/** Takes a while to load, and writes down who is at it. */
const slowToLoad = {
  loading: '',
  'functions/slow.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    fs.appendFileSync(new URL('../loading', import.meta.url), process.pid + ';');
    await setTimeout(300);
    export default () => process.pid;`,
};

const inState = (runtime: Runtime, state: WorkerStats['state']) =>
  runtime.stats().workers.filter((worker) => worker.state === state);

function kill(workers: readonly WorkerStats[]): void {
  for (const { pid } of workers) process.kill(pid ?? assert.fail('a worker without a pid'), 'SIGKILL');
}

/** How soon after the kill the next invocation comes: at all times the runtime may know of the death or not yet. */
const moments: [what: string, wait: (killed: number) => Promise<unknown>][] = [
  ['in the same turn', async () => {}],
  ['in the next turn', () => new Promise(setImmediate)],
  ['a ms later', () => delay(1)],
  ['when the process is gone', (pid) => until('its end', async () => !(await isAlive(pid)))],
];

test('an idle worker that is killed costs no invocation that comes after, 40 times', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  const pids = new Set<number>();
  for (let round = 0; round < 10; round++) {
    for (const [when, wait] of moments) {
      const pid = await within('a worker', runtime.invoke<number>('pid'));
      pids.add(pid);
      process.kill(pid, 'SIGKILL');
      await wait(pid);
      const next = Array.from({ length: 3 }, () => runtime.invoke<number>('pid'));
      const survivors = await within(`the next ones, ${when}`, Promise.all(next));
      for (const survivor of survivors) assert.notEqual(survivor, pid, when);
    }
  }
  assert.equal(pids.size, 40);
  const { crashed, succeeded } = infoOf(runtime, 'pid').stats;
  assert.deepEqual({ crashed, succeeded }, { crashed: 0, succeeded: 160 });
});

test('an idle worker that is killed beside another idle one costs no invocation', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 2 } } });
  for (let round = 0; round < 10; round++) {
    await Promise.all([runtime.invoke('wait', 100), runtime.invoke('wait', 100)]);
    await until('two idle workers', () => inState(runtime, 'ready').length === 2);
    // The most recently used is who gets the next one.
    const pid = await runtime.invoke<number>('pid');
    process.kill(pid, 'SIGKILL');
    assert.notEqual(await within('the next one', runtime.invoke<number>('pid')), pid);
  }
});

test('all idle workers killed at once cost no invocation', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { min: 3, max: 3 } } });
  for (let round = 0; round < 5; round++) {
    await until('three idle workers', () => inState(runtime, 'ready').length === 3);
    kill(runtime.stats().workers);
    const invocations = Array.from({ length: 12 }, () => runtime.invoke<number>('wait', 5));
    await within('the next ones', Promise.all(invocations));
  }
});

test('workers that are killed before they ever ran anything are replaced, again and again', async (t) => {
  const { runtime } = await runProject(t, files, { config: { pool: { max: 1 } } });
  for (let round = 0; round < 4; round++) {
    const before = runtime.stats().workers[0]?.pid;
    kill(runtime.stats().workers);
    await until('its replacement', () => {
      const [worker] = runtime.stats().workers;
      return worker?.state === 'ready' && worker.pid !== before;
    });
  }
  await within('the next one', runtime.invoke('pid'));
});

/** Kills the one worker there is, then its replacement in the middle of loading, and returns the pid of that. */
async function killTheReplacement({ runtime, project }: Running): Promise<number> {
  kill(runtime.stats().workers);
  const replacement = await until('the replacement to load', () => {
    const loading = fs.readFileSync(project.path('loading'), 'utf8').split(';');
    return inState(runtime, 'starting').find(({ pid }) => loading.includes(String(pid)));
  });
  kill([replacement]);
  return replacement.pid as number;
}

test('what waits for a worker that is killed while it starts is run by the next one', async (t) => {
  const running = await runProject(t, { ...files, ...slowToLoad }, { config: { pool: { max: 1 } } });
  const { runtime } = running;
  const first = runtime.stats().workers[0]?.pid as number;
  const [killed, ...pids] = await within(
    'what waited',
    Promise.all([killTheReplacement(running), runtime.invoke<number>('pid'), runtime.invoke<number>('slow')]),
  );
  assert.notEqual(first, killed);
  for (const pid of pids) assert(pid !== first && pid !== killed);
});

test('what waits outlives four workers in a row that are killed from outside before they are ready', async (t) => {
  const running = await runProject(t, { ...files, ...slowToLoad }, { config: { pool: { max: 1 } } });
  const { runtime } = running;
  const killed = new Set([await killTheReplacement(running)]);
  const waiting = runtime.invoke<number>('pid');
  waiting.catch(() => {}); // whoever awaits it is told
  while (killed.size < 4) {
    const next = await until('the next worker', () =>
      inState(runtime, 'starting').find(({ pid }) => !killed.has(pid as number)),
    );
    kill([next]);
    killed.add(next.pid as number);
  }
  assert(!killed.has(await within('what waited', waiting)));
});

test('a function stays in service when workers are killed from outside while they load it', async (t) => {
  const running = await runProject(t, { ...files, ...slowToLoad }, { config: { pool: { max: 1 } } });
  const { runtime } = running;
  for (let round = 0; round < 3; round++) {
    const killed = await killTheReplacement(running);
    // A worker has loaded it since: the function isn't what ends them.
    assert.notEqual(await within('the next one', runtime.invoke<number>('slow')), killed);
    assert.equal(infoOf(runtime, 'slow').state, 'ready');
  }
});

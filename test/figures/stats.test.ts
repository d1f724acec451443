import assert from 'node:assert/strict';
import type { DurationStats, FunctionFigures, InvocationReport, PoolStats, Runtime } from 'warm-pool';
import { tellAndSpin, testEach } from '../conformance/support.ts';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';

const files = {
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms);`,
  'functions/other.js': `
    export default () => {};
    export const config = { pool: 'io' };`,
  'functions/spin.js': tellAndSpin,
  'functions/fail.js': `export default () => { throw new Error('no'); };`,
};

const poolOf = (runtime: Runtime, name = 'default') =>
  runtime.stats().pools[name] ?? assert.fail(`no ${name}`);
const figuresOf = (runtime: Runtime, name: string) =>
  runtime.stats().functions[name] ?? assert.fail(`no ${name}`);

/** What the stats say has to be what the reports of the invocations say. */
function assertDurations(stats: DurationStats, exact: readonly number[], what: string): void {
  assert.equal(stats.count, exact.length, what);
  const sorted = exact.toSorted((a, b) => a - b);
  assert(
    Math.abs(stats.max - (sorted.at(-1) as number)) < 1e-6,
    `${what}: ${stats.max}, not ${sorted.at(-1)}`,
  );
  for (const [share, found] of [
    [0.5, stats.p50],
    [0.9, stats.p90],
    [0.99, stats.p99],
  ] as const) {
    const value = sorted[Math.ceil(share * sorted.length) - 1] as number;
    // The sums of the reports are not rounded as those of the figures are.
    assert(Math.abs(found - value) <= 0.035 * value + 0.001, `${what}: ${found}, not ${value}`);
  }
}

testEach(
  'run, wait and total are those of the reports, for each function and each pool',
  async (_t, open, isolation) => {
    const { runtime } = await open({}, files, {
      config: { pool: { isolation, max: 1 }, pools: { io: { isolation, min: 1, max: 1 } } },
    });
    const reports: Record<string, InvocationReport[]> = {};
    const run = async (name: string, args?: unknown) => {
      const invocation = runtime.invoke(name, args);
      await invocation.catch(() => {});
      reports[name] = [...(reports[name] ?? []), invocation.report ?? assert.fail('it did not run')];
    };
    const calls = [5, 1, 20, 2, 9, 1, 1].map((ms) => run('wait', ms));
    calls.push(...[1, 2, 3].map(() => run('fail')), ...[1, 2].map(() => run('other')));
    await within('all of them', Promise.all(calls));

    const groups: [what: string, list: InvocationReport[], stats: FunctionFigures | PoolStats][] = [
      ['wait', reports.wait ?? [], figuresOf(runtime, 'wait')],
      ['fail', reports.fail ?? [], figuresOf(runtime, 'fail')],
      ['other', reports.other ?? [], figuresOf(runtime, 'other')],
      ['the default pool', [...(reports.wait ?? []), ...(reports.fail ?? [])], poolOf(runtime)],
      ['io', reports.other ?? [], poolOf(runtime, 'io')],
    ];
    for (const [what, list, { run: runs, wait, total }] of groups) {
      assertDurations(
        runs,
        list.map(({ durationMs }) => durationMs),
        `run of ${what}`,
      );
      assertDurations(
        wait,
        list.map(({ queueMs, initMs }) => queueMs + initMs),
        `wait of ${what}`,
      );
      assertDurations(
        total,
        list.map(({ durationMs, queueMs, initMs }) => durationMs + queueMs + initMs),
        `total of ${what}`,
      );
    }
  },
);

testEach('what never ran counts as ended, and in no duration', async (_t, open) => {
  const { runtime } = await open({ max: 1 }, files);
  const running = runtime.invoke('wait', 50);
  const queued = runtime.invoke('wait', 1);
  queued.cancel();
  await Promise.allSettled([running, queued]);
  const { invocations, cancelled, run, wait, total } = figuresOf(runtime, 'wait');
  assert.deepEqual({ invocations, cancelled }, { invocations: 2, cancelled: 1 });
  assert.deepEqual([run.count, wait.count, total.count], [1, 1, 1]);
});

testEach('an invocation that waits for a worker to start is a cold start', async (_t, open) => {
  const { runtime } = await open({ min: 0, max: 1, idleTimeout: 100 }, files);
  for (let round = 1; round <= 2; round++) {
    await until('the worker to leave', () => runtime.stats().workers.length === 0);
    await Promise.all([runtime.invoke('fail').catch(() => {}), runtime.invoke('wait', 1)]);
    await runtime.invoke('wait', 1);
    assert.equal(figuresOf(runtime, 'fail').coldStarts, round);
    assert.equal(poolOf(runtime).coldStarts, round);
  }
  assert.equal(figuresOf(runtime, 'wait').coldStarts, 0);
});

testEach('utilisation is the share of the time in which the workers were busy', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace: '50ms' }, files);
  assert.equal(poolOf(runtime).utilisation, 0);
  const spinning = runtime.invoke('spin');
  await within('it to be at work', spinning.progress[Symbol.asyncIterator]().next());
  const begun = performance.now();
  // And so long that beside it nobody notices how late a busy machine sees its end.
  const isLong = () => performance.now() - begun > 1_000;
  await until('most of its life to be work', () => isLong() && poolOf(runtime).utilisation > 0.6);
  assert.equal(poolOf(runtime).running, 1);
  spinning.cancel();
  await rejectionOf(spinning, Error);
  await until('its end', () => poolOf(runtime).exits.cancelled === 1);
  // What was worked by who is gone is not forgotten at once.
  assert(poolOf(runtime).utilisation > 0.3, `${poolOf(runtime).utilisation}`);
  const afterwards = poolOf(runtime).utilisation;
  await until('time without work', () => poolOf(runtime).utilisation < afterwards / 2);
  // As a short one after another does it.
  await until('work again', async () => {
    await runtime.invoke('wait', 20);
    return poolOf(runtime).utilisation > afterwards / 2;
  });
});

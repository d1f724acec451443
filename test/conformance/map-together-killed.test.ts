import assert from 'node:assert/strict';
import fs from 'node:fs';
import { WorkerCrashedError } from 'warm-pool';
import type { Running } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { testEach } from './support.ts';

interface Point {
  /** See runtime/worker/failure-point.ts. */
  readonly name: string;
  /** What becomes of the one that is marked as begun when the worker dies there: it fails, before or after its handler has run. */
  readonly fails: 'before' | 'after' | 'none';
  /** Which times: of what is passed for each item one in the first group and one in a later one. */
  readonly times: readonly number[];
}

const points: Point[] = [
  // A worker that ended before it had begun anything would count as one that could not start.
  { name: 'togetherRead', fails: 'none', times: [2, 5] },
  { name: 'togetherStarted', fails: 'before', times: [1, 3] },
  { name: 'togetherRan', fails: 'after', times: [20, 517] },
  { name: 'togetherMarked', fails: 'before', times: [20, 517] },
  { name: 'togetherUnsent', fails: 'after', times: [1, 3] },
  // What was sent counts, and the next one had not begun.
  { name: 'togetherSent', fails: 'none', times: [1, 3] },
];

/** It notes each run before anything else. What it gives is of each kind that is written down in its own way. */
const files = {
  'functions/noted.js': `
    import fs from 'node:fs';
    const runs = fs.openSync(new URL('../runs', import.meta.url), 'a');
    export default (id) => {
      fs.writeSync(runs, id + ';');
      return id % 3 === 0 ? 'no ' + id : id % 3 === 1 && id % 50 === 1 ? undefined : id;
    };`,
};

const resultOf = (id: number) => (id % 3 === 0 ? `no ${id}` : id % 3 === 1 && id % 50 === 1 ? undefined : id);

const count = 3_000;

for (const { name, fails, times } of points) {
  testEach(
    `workers are killed in the midst of a group when they have come to ${name}: ${
      fails === 'none' ? 'no item fails' : 'one item fails with each'
    }, and each of the others runs once`,
    async (t, open) => {
      for (const time of times) {
        const running = await open({ max: 1, env: { WARM_POOL_FAIL_AT: `${name}:${time}` } }, files);
        const failed: string[] = [];
        let deaths = 0;
        let first = 0;
        // How much travels together depends on the clock: on a busy machine a worker may need some rounds.
        await until('a worker to come to the point', async () => {
          failed.push(...(await mapSome(running, first, fails)));
          first += count;
          deaths = await deathsOf(running);
          return deaths > 0;
        });
        t.diagnostic(`${deaths} deaths, each the ${time}th time, in ${first} items`);
        assert.equal(
          failed.length,
          fails === 'none' ? 0 : deaths,
          `by ${deaths} deaths: ${failed.join('; ')}`,
        );
      }
    },
  );
}

testEach('no time runs out of what a killed worker had not begun', async (_t, open) => {
  const timeout = 1_000;
  const env = { WARM_POOL_FAIL_AT: 'togetherRead:4' };
  const slowlyLoaded = `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    if (fs.existsSync(new URL('../slow', import.meta.url))) await setTimeout(${2 * timeout});
    ${files['functions/noted.js']?.replace("import fs from 'node:fs';", '')}`;
  const running = await open({ max: 1, timeout, env }, { 'functions/noted.js': slowlyLoaded });
  const { runtime, project } = running;
  await within('the first', runtime.invoke('noted', 2));
  // From now on what is put back waits for a worker, for longer than it may run.
  project.write('slow', '');
  const ids = Array.from({ length: 600 }, (_, id) => id);
  const errors: string[] = [];
  const onError = ({ message }: Error) => void errors.push(message);
  await until('a worker to come to the point', async () => {
    await within('all', runtime.map('noted', ids, { onError }).toArray());
    return (await deathsOf(running)) > 0;
  });
  assert.deepEqual(errors, []);
});

/** Maps so many, numbered from `first`, sees what became of each, and returns why those failed that did. */
async function mapSome(
  { runtime, project }: Running,
  first: number,
  fails: Point['fails'],
): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => first + index);
  const failed = new Map<number, string>();
  const onError = (error: Error, id: number) => {
    assert(error instanceof WorkerCrashedError, String(error));
    failed.set(id, error.message);
  };
  const results = await within('all', runtime.map('noted', ids, { onError }).toArray());
  const ended = ids.filter((id) => !failed.has(id));
  assert.deepEqual(results, ended.map(resultOf));
  const runs = fs.readFileSync(project.path('runs'), 'utf8').split(';').slice(0, -1).map(Number);
  // With one worker they run in their order.
  assert.deepEqual(
    runs.filter((id) => id >= first),
    fails === 'before' ? ended : ids,
  );
  return [...failed.values()];
}

/** Workers are numbered from 1, and one of them is left. */
async function deathsOf({ runtime }: Running): Promise<number> {
  const last = await until('the last worker', () => {
    const { workers } = runtime.stats();
    return workers.length === 1 && workers[0]?.state === 'ready' ? workers[0] : undefined;
  });
  return last.id - 1;
}

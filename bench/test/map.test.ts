import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { assertMapped } from '../peers/mapping/verify.ts';
import { mediansIn } from './support/figures.ts';
import { run, waitUntilNoProcess, withFolder } from './support/run-bench.ts';

const deadline = { timeout: 900_000 };
const ofItems = ['ordered', 'unordered'];
const ofCounts = ['countdown', 'speedup'];

test(
  'map measures items and counts of ours, of piscina, of Python where there is one, and of no pool',
  deadline,
  () =>
    withFolder(async (folder) => {
      const argv = ['map', '--quick', '--json', 'figures.json'];
      const { code, stdout, stderr } = await run(argv, folder);

      assert.equal(code, 0, `${stdout}\n${stderr}`);
      const medians = await mediansIn(folder);
      for (const [name, measures] of [
        ['warm-pool', [...ofItems, ...ofCounts]],
        ['warm-pool threads', [...ofItems, ...ofCounts]],
        ['piscina threads', [...ofItems, ...ofCounts]],
        ['piscina threads concurrentTasksPerWorker 4', ofItems],
        ['sequential', ofCounts],
        ['Promise.all', ofCounts],
      ] as const) {
        assert.deepEqual([...(medians.get(name)?.keys() ?? [])], measures, name);
      }
      const [best, byDefault, pool] = [
        'ProcessPoolExecutor.map',
        'ProcessPoolExecutor.map default',
        'multiprocessing.Pool.imap',
      ].map((name) => [...(medians.get(name)?.keys() ?? [])]);
      if (stdout.includes('not measured, there is no Python here')) {
        assert.deepEqual([best, byDefault, pool], [[], [], []]);
      } else {
        assert.deepEqual([best, byDefault, pool], [['ordered'], ['ordered'], ofItems]);
      }
      for (const [name, figures] of medians) {
        for (const [measure, median] of figures) {
          assert.ok(median > 0, `Expected ${measure} of ${name} to be more than nothing, got ${median}`);
        }
      }
      assert.match(stdout, /^4 counts from 20,000,000 to zero$/m);
      assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
      await waitUntilNoProcess(folder);
    }),
);

test('without a Python the contestants that need one are left out with a word', deadline, () =>
  withFolder(async (folder) => {
    const env = { BENCH_PYTHON: path.join(folder, 'python3') };
    const { code, stdout } = await run(['map', '--quick', '--only', 'imap,Executor'], folder, { env });

    assert.equal(code, 0);
    assert.match(stdout, /^- Python, ProcessPoolExecutor\.map, .*: not measured, there is no Python here/m);
    assert.match(stdout, /^- Python, multiprocessing\.Pool\.imap .*: not measured, there is no Python here/m);
  }),
);

test('results that are missing, wrong, twice there or out of order are not measured', () => {
  const items = [0, 1, 2];
  assertMapped([0, 1, 2], items, 'ordered');
  assertMapped([2, 0, 1], items, 'unordered');
  assert.throws(() => assertMapped([2, 0, 1], items, 'ordered'), /item 0 to be 0, got 2/);
  for (const order of ['ordered', 'unordered'] as const) {
    assert.throws(() => assertMapped([0, 1], items, order), /3 results, got 2/);
    assert.throws(() => assertMapped([0, 1, 7], items, order), /item 2 to be 2/);
    assert.throws(() => assertMapped([0, 1, 1], items, order), /item 2 to be 2/);
  }
});

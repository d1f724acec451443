import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { findPlainPython } from '../peers/python/find.ts';
import { rateOf } from '../peers/sharing/rate.ts';
import { mediansIn } from './support/figures.ts';
import { run, startRun, waitUntilNoProcess, withFolder } from './support/run-bench.ts';

const deadline = { timeout: 900_000 };
const ofLocks = ['lock-1', 'lock-2', 'lock-8'];
const ofQueues = ['queue', 'queue-to-program', 'queue-to-worker', 'queue-3'];

test('shared measures locks, queues and maps of ours, and of Python where there is one', deadline, () =>
  withFolder(async (folder) => {
    const argv = ['shared', '--quick', '--json', 'figures.json'];
    const { code, stdout, stderr } = await run(argv, folder);

    assert.equal(code, 0, `${stdout}\n${stderr}`);
    const medians = await mediansIn(folder);
    for (const name of ['warm-pool', 'warm-pool threads']) {
      assert.deepEqual([...(medians.get(name)?.keys() ?? [])], [...ofLocks, ...ofQueues, 'map'], name);
    }
    for (const [name, measures] of [
      ['multiprocessing', [...ofLocks, ...ofQueues, 'map']],
      ['aioprocessing', [...ofLocks, ...ofQueues]],
    ] as const) {
      const found = medians.get(name);
      if (found) assert.deepEqual([...found.keys()], measures, name);
      else assert.match(stdout, new RegExp(`^- Python, ${name}: .*: not measured, there is no Python`, 'm'));
    }
    for (const [name, figures] of medians) {
      for (const [measure, median] of figures) {
        assert.ok(median > 0, `Expected ${measure} of ${name} to be more than nothing, got ${median}`);
      }
    }
    assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
    await waitUntilNoProcess(folder);
  }),
);

test('without aioprocessing it is left out, and said how to install it', deadline, () =>
  withFolder(async (folder) => {
    const env = { BENCH_PYTHON: path.join(folder, 'python3') };
    const { code, stdout } = await run(['shared', '--quick', '--only', 'aioprocessing'], folder, { env });

    assert.equal(code, 0);
    assert.match(
      stdout,
      /^- Python, aioprocessing: .*: not measured, .*apt-get install python3-aioprocessing/m,
    );
  }),
);

test('a lock that keeps nobody apart has no figures', deadline, () =>
  withFolder(async (folder) => {
    const python = path.join(folder, 'python3');
    await writeFile(python, pythonWhoseLocksCountTooFew, { mode: 0o755 });
    const env = { BENCH_PYTHON: python };
    const { code, stdout } = await run(['shared', '--quick', '--only', 'multiprocessing'], folder, { env });

    assert.equal(code, 1);
    assert.match(
      stdout,
      /^- Python 3, multiprocessing.*: FAILED: .*Expected the lock to keep workers apart/m,
    );
  }),
);

test('Ctrl-C while Python processes share something ends them', deadline, async (context) => {
  if (!(await findPlainPython())) return context.skip('there is no Python here');
  await withFolder(async (folder) => {
    const bench = startRun(['shared', '--only', 'multiprocessing'], folder);
    // The program and the worker of the first measure.
    await bench.running('sharing.py', 2);
    bench.child.kill('SIGINT');

    assert.equal((await bench.ended()).code, 130);
    assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
    await waitUntilNoProcess(folder);
  });
});

test('a rate is taken when it was warm, and of so many times that they fill the window', async () => {
  const runs: number[] = [];
  const rate = await rateOf(
    async (times) => {
      runs.push(times);
      return times / 1_000; // 1 µs each
    },
    { warmUpMs: 150, windowMs: 100 },
  );
  // 1 and 10 ms, and 100 or more: not yet warm. Then it is.
  assert.deepEqual(runs, [1_000, 10_000, 100_000, 130_000, 130_000]);
  assert.deepEqual(rate, { times: 130_000, ms: 130 });
});

test('a rate is not taken of so few times that they take less than the window', async () => {
  const runs: number[] = [];
  const rate = await rateOf(
    async (times) => {
      runs.push(times);
      return times / 1_000;
    },
    { warmUpMs: 1, windowMs: 100 },
  );
  assert.deepEqual(runs, [1_000, 10_000, 100_000]);
  assert.deepEqual(rate, { times: 100_000, ms: 100 });
});

test('what is slow is measured with the fewest times, again when it is warm', async () => {
  const runs: number[] = [];
  const rate = await rateOf(
    async (times) => {
      runs.push(times);
      return times * 10;
    },
    { warmUpMs: 1_500, windowMs: 1_000 },
  );
  assert.deepEqual(runs, [1_000, 1_000]);
  assert.deepEqual(rate, { times: 1_000, ms: 10_000 });
});

const pythonWhoseLocksCountTooFew = `#!${process.execPath}
if (process.argv[2] === '-c') {
  console.log('3');
  process.exit();
}
const fs = require('node:fs');
require('node:readline')
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { do: what, times, file } = JSON.parse(line);
    if (what === 'count') fs.writeFileSync(file, String(times - 1));
    console.log(times / 1_000);
  });
`;

import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { bench } from '../harness/places.ts';
import { run, startRun, waitUntilNoProcess, withFolder } from './support/run-bench.ts';

const deadline = { timeout: 180_000 };
const onlyPeers = ['invoke', '--quick', '--only', 'bare socket,jest-worker'];
// A measurement that isn't quick keeps its pool busy for 2 s: time to stop its workers in the middle of it.
const longMeasurements = ['invoke', '--only', 'jest-worker'];

test('a run prints a table, writes every reading, and leaves nothing behind', deadline, () =>
  withFolder(async (folder) => {
    const { code, stdout } = await run([...onlyPeers, '--rounds', '2', '--json', 'figures.json'], folder);

    assert.equal(code, 0);
    assert.match(stdout, /^\| jest-worker [\d.]+, processes +\| +[\d.,]+ µs /m);
    const { machine, subjects } = JSON.parse(await readFile(path.join(folder, 'figures.json'), 'utf8'));
    assert.match(machine, /cores?\b.*Node \d+/);
    const readings = subjects[0].rows.map((row: { figures: { readings: number[] }[] }) =>
      row.figures.map((figure) => figure.readings.length),
    );
    assert.deepEqual(readings, [[2, 2, 2], [2, 2, 2], [2]]);
    assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
    await waitUntilNoProcess(folder);
  }),
);

test('Ctrl-C ends a run with 130 and leaves no process and no file', deadline, () =>
  withFolder(async (folder) => {
    const bench = startRun(onlyPeers, folder);
    await bench.measuring();
    bench.child.kill('SIGINT');

    assert.equal((await bench.ended()).code, 130);
    assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
    await waitUntilNoProcess(folder);
  }),
);

test('a run that is killed takes its processes with it', deadline, () =>
  withFolder(async (folder) => {
    const bench = startRun(longMeasurements, folder);
    await bench.measuring();
    // What waits for them never ends by being done.
    await bench.stopWorkers();
    bench.child.kill('SIGKILL');

    await bench.ended();
    await waitUntilNoProcess(folder);
  }),
);

for (const [mistake, argv, message] of [
  [
    'a subject that does not exist',
    ['invok'],
    /Expected subjects out of invoke, isolation, map, payload, shared, start, thumbnail, watch; got `invok`/,
  ],
  ['an option that does not exist', ['--fast'], /--fast/],
  ['a number of rounds that is none', ['--rounds', '0'], /--rounds .* got `0`/],
  ['numbers of files that are none', ['invoke', '--files', '0,many'], /--files .* got `0,many`/],
  ['a folder that is not there', ['invoke', '--folder', 'nowhere'], /temporary files .*nowhere/],
  ['nobody to measure', ['invoke', '--only', 'nobody'], /Nobody is left to measure/],
  ['a build that is not there', ['invoke', '--build', 'nowhere'], /npm run build/],
] as const) {
  test(`${mistake} is said in a line, with exit code 2`, deadline, () =>
    withFolder(async (folder) => {
      const { code, stderr } = await run(argv, folder);
      assert.equal(code, 2);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^ +at /m, 'Expected no stack');
    }),
  );
}

test('without its dependencies it says how to install them, with exit code 2', deadline, () =>
  withFolder(async (folder) => {
    const copy = path.join(folder, 'copy');
    await mkdir(copy);
    for (const file of ['run.js', 'package.json']) {
      await copyFile(path.join(bench, file), path.join(copy, file));
    }
    const { code, stderr } = await run(['invoke'], folder, { script: path.join(copy, 'run.js') });
    assert.equal(code, 2);
    assert.match(stderr, /npm ci --prefix bench/);
  }),
);

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { mediansIn } from './support/figures.ts';
import { run, waitUntilNoProcess, withFolder } from './support/run-bench.ts';

const deadline = { timeout: 900_000 };
const ofCounts = ['countdown', 'speedup'];
const ofWaits = ['timers', 'server', 'files'];
const ofWorkers = ['first', 'another', ...(process.platform === 'linux' ? ['memory'] : [])];
const ofEnds = ['end-exit', 'end-throw', 'end-loop', 'end-heap'];

test('isolation measures processes, threads and no pool, and leaves nothing behind', deadline, () =>
  withFolder(async (folder) => {
    const { code, stdout, stderr } = await run(['isolation', '--quick', '--json', 'figures.json'], folder);

    assert.equal(code, 0, `${stdout}\n${stderr}`);
    const medians = await mediansIn(folder);
    const ofBoth = ['sequential', 'burst', '1-mb', ...ofCounts, ...ofWaits, ...ofWorkers, ...ofEnds];
    for (const [name, measures] of [
      ['processes', ofBoth],
      ['threads', ofBoth],
      ['processes 32', ofWaits],
      ['threads 32', ofWaits],
      ['no pool', ['sequential', 'burst', ...ofCounts, ...ofWaits]],
    ] as const) {
      assert.deepEqual([...(medians.get(name)?.keys() ?? [])], measures, name);
    }
    // Forty that wait for 50 ms each: two at a time, or all at once.
    const timers = (name: string) => medians.get(name)?.get('timers') ?? 0;
    for (const name of ['processes', 'threads']) {
      assert.ok(timers(name) > 0.9, `Expected 20 turns of 50 ms for ${name}, got ${timers(name)} s`);
    }
    assert.ok(timers('no pool') < 0.9, `Expected one turn, got ${timers('no pool')} s`);
    // It isn't over before it can be.
    for (const name of ['processes', 'threads']) {
      const loop = medians.get(name)?.get('end-loop') ?? 0;
      assert.ok(loop > 100, `Expected the loop to have had its timeout, got ${loop} ms`);
    }
    assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
    await waitUntilNoProcess(folder);
  }),
);

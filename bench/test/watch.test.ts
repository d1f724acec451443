import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { Report, Row } from '../harness/report.ts';
import { run, startRun, waitUntilNoProcess, withFolder } from './support/run-bench.ts';
import { until } from './support/until.ts';

// Some 30 s on a quiet machine: awaitWriteFinish alone waits for 2 s four times.
const deadline = { timeout: 900_000 };
const ofAll = ['event', 'ready', 'first-event', 'memory', 'thumbnails'];
const ofTheWhole = ['thumbnails-copied'];
const ofOurs = ['processing', 'renamed', 'copied', 'processed', 'stall'];
// chokidar looks whether a file has stopped growing for so long.
const awaitWriteFinishMs = 2_000;

test(
  'watch measures each watcher in a folder of files, and ours with thumbnails and a first start',
  deadline,
  () =>
    withFolder(async (folder) => {
      const argv = ['watch', '--quick', '--files', '20', '--json', 'figures.json'];
      const { code, stdout, stderr } = await run(argv, folder);

      assert.equal(code, 0, `${stdout}\n${stderr}`);
      const [report] = JSON.parse(await readFile(path.join(folder, 'figures.json'), 'utf8')).subjects as [
        Report,
      ];
      const figures = new Map(report.rows.map((row) => [row.name, mediansOf(row)]));
      const namesOf = (kinds: string[]) => kinds.map((kind) => `${kind}-20`);
      for (const peer of ['chokidar', 'chokidar awaitWriteFinish', '@parcel/watcher']) {
        const expected = peer.includes('awaitWriteFinish') ? [...ofAll, ...ofTheWhole] : ofAll;
        assert.deepEqual([...(figures.get(peer)?.keys() ?? [])], namesOf(expected));
      }
      assert.deepEqual(
        [...(figures.get('warm-pool')?.keys() ?? [])],
        namesOf([...ofAll, ...ofTheWhole, ...ofOurs]),
      );
      for (const [name, medians] of figures) {
        for (const kind of ['event-20', 'ready-20', 'thumbnails-20', 'processing-20', 'processed-20']) {
          const median = medians.get(kind) ?? 1;
          assert.ok(median > 0, `Expected ${kind} of ${name} to take some time, got ${median}`);
        }
        const [ready, first] = [medians.get('ready-20') ?? 0, medians.get('first-event-20') ?? 0];
        assert.ok(
          first > ready,
          `Expected ${name} to tell of the first file when it was ready, got ${first} s`,
        );
      }
      const patient = figures.get('chokidar awaitWriteFinish')?.get('event-20') ?? 0;
      assert.ok(patient >= awaitWriteFinishMs, `Expected awaitWriteFinish to wait, got ${patient} ms`);
      assert.match(stdout, /^a file lands → event$\n\n\| +\| +20 files \| +ours\/peer \|$/m);
      assert.match(stdout, /^the longest stall .*$\n\n\| +\| +20 files \|$/m);
      assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
      await waitUntilNoProcess(folder);
    }),
);

test('Ctrl-C while the files are made ends a run, and the folder of --folder is empty again', deadline, () =>
  withFolder(async (folder) => {
    const elsewhere = path.join(folder, 'elsewhere');
    await mkdir(elsewhere);
    const argv = ['watch', '--files', '100000', '--only', 'parcel', '--folder', 'elsewhere'];
    const bench = startRun(argv, folder);
    await until('files are made', async () => {
      // Not with `recursive`: the run removes folders that such a look may be about to enter.
      const [own = ''] = await readdir(elsewhere);
      const made = await readdir(path.join(elsewhere, own, 'prepared/100000/inbox')).catch(() => []);
      return made.length > 0;
    });
    bench.child.kill('SIGINT');

    const { code, stderr } = await bench.ended();
    assert.equal(code, 130);
    assert.doesNotMatch(stderr, /warming up/, 'Expected the run to end before it measured');
    assert.deepEqual(await readdir(elsewhere), []);
    assert.deepEqual(await readdir(path.join(folder, 'tmp')), []);
    await waitUntilNoProcess(folder);
  }),
);

function mediansOf(row: Row): Map<string, number> {
  assert.equal(row.state, 'measured', JSON.stringify(row));
  return new Map(row.figures.map(({ measure, median }) => [measure, median]));
}

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FileInfo, Runtime } from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { openRuntime } from '../support/open-runtime.ts';
import * as photos from '../support/photos.ts';
import { makeProject, type Project, repository } from '../support/project.ts';
import { until, within } from '../support/wait.ts';

/** The configuration of docs/watch.md that names this. */
function configurationWith(name: string): string {
  const text = fs.readFileSync(path.join(repository, 'docs', 'watch.md'), 'utf8');
  const blocks = Array.from(
    text.matchAll(/^```ts\n(\/\/ pool\.config\.ts\n.*?)^```$/gms),
    ([, code]) => code,
  );
  const [found, ...others] = blocks.filter((code) => code?.includes(name));
  assert(found !== undefined && others.length === 0, `one configuration of docs/watch.md has ${name}`);
  return found;
}

async function startIn(t: TestContext, { root }: Project): Promise<{ runtime: Runtime; log: LogLines }> {
  const log = new LogLines();
  const runtime = await openRuntime(t, { cwd: root, logger: log.logger });
  await within('the start', runtime.start());
  return { runtime, log };
}

/** Its files as they stand, by their names. */
async function filesOf(runtime: Runtime): Promise<Map<string, FileInfo>> {
  const files = new Map<string, FileInfo>();
  for await (const file of runtime.files()) files.set(path.basename(file.path), file);
  return files;
}

function untilIs(runtime: Runtime, name: string, state: FileInfo['state']): Promise<FileInfo> {
  return until(`${name} is ${state}`, async () => {
    const file = (await filesOf(runtime)).get(name);
    return file?.state === state ? file : undefined;
  });
}

/** The lines that tell of a file that is done, each time it is. */
const linesOf = ({ lines }: LogLines, name: string) =>
  lines.filter((line) => /^info \w+ (.+): (?:done|\d+ outputs) in /.exec(line)?.[1] === name);

// Half a PDF that is left alone for two seconds is taken up, as documented.
const safelyMs = 1_500;

test('the documented check of PDFs takes one up with its last line, or after two seconds of quiet', async (t) => {
  const project = makeProject(t, { 'pool.config.ts': configurationWith('CompletenessCheck') });
  const { runtime, log } = await startIn(t, project);
  const half = `%PDF-1.7\n${'1 0 obj\n'.repeat(1000)}`;
  const rest = `${'2 0 obj\n'.repeat(1000)}%%EOF\n`;

  let name = '';
  for (let turn = 1, tookMs = Number.POSITIVE_INFINITY; tookMs > safelyMs; turn++) {
    assert.ok(turn < 20, `this machine is too busy: a turn took ${tookMs} ms`);
    name = `half ${turn}.pdf`;
    const began = performance.now();
    fs.writeFileSync(project.path('inbox', name), half);
    await until('half of it is seen', async () => (await filesOf(runtime)).has(name));
    project.write(`inbox/whole ${turn}.pdf`, half + rest);
    await untilIs(runtime, `whole ${turn}.pdf`, 'done');
    const isArriving = (await filesOf(runtime)).get(name)?.state === 'arriving';
    tookMs = performance.now() - began;
    fs.appendFileSync(project.path('inbox', name), rest);
    assert.ok(isArriving || tookMs > safelyMs, 'half a PDF was taken up');
  }
  const done = await untilIs(runtime, name, 'done');
  assert.equal(done.size, half.length + rest.length);

  const began = performance.now();
  fs.writeFileSync(project.path('inbox', 'torn.pdf'), half);
  await untilIs(runtime, 'torn.pdf', 'done');
  assert.ok(
    performance.now() - began >= 2_000,
    'it was taken up while its writer may have been about to go on',
  );
  await within('the close', runtime.close());
  assert.deepEqual([linesOf(log, name).length, linesOf(log, 'torn.pdf').length], [1, 1]);
});

test('the documented `isDone` keeps photos from being done again that have younger thumbnails', async (t) => {
  const project = makeProject(t, { 'pool.config.ts': configurationWith('isDone') });
  const photo = await photos.rgbPhoto(60, 40);
  const names = ['done.jpg', 'bare.jpg', 'newer.jpg'];
  const [now, anHour] = [Date.now() / 1000, 3600];
  for (const name of names) {
    project.write(`inbox/${name}`, photo);
    fs.utimesSync(project.path('inbox', name), now - anHour, now - anHour);
  }
  const first = await startIn(t, project);
  for (const name of names) await untilIs(first.runtime, name, 'done');
  await within('the close', first.runtime.close());

  for (const file of fs.readdirSync(project.path('.pool'))) {
    if (file.startsWith('pool.db')) project.remove(`.pool/${file}`);
  }
  const thumbnail = (name: string, box = '32x32') => project.path('inbox', 'thumbnails', box, name);
  for (const box of fs.readdirSync(project.path('inbox', 'thumbnails')))
    fs.rmSync(thumbnail('bare.jpg', box));
  fs.utimesSync(thumbnail('newer.jpg'), now - 2 * anHour, now - 2 * anHour);

  const second = await startIn(t, project);
  for (const name of names) await untilIs(second.runtime, name, 'done');
  await within('the close', second.runtime.close());
  const done = names.filter((name) => linesOf(second.log, name).length > 0);
  assert.deepEqual(done, ['bare.jpg', 'newer.jpg']);
  assert.ok(fs.existsSync(thumbnail('bare.jpg')));
  assert.ok(fs.statSync(thumbnail('newer.jpg')).mtimeMs / 1000 > now - anHour);
});

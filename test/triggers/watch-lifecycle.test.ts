import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RuntimeClosedError } from '../../runtime/errors/pool-errors.ts';
import { makeProject } from '../support/project.ts';
import { until, within } from '../support/wait.ts';
import { makeJpeg } from './support-jpeg.ts';
import { fileOf, filesOf, Watch } from './support-watch.ts';

test('stop cancels what is queued, waits for what runs, and takes up nothing more', async (t) => {
  const watch = await Watch.start(t, { concurrency: 2 });
  watch.land('first.jpg');
  (await watch.pool.next()).succeed();
  await watch.pool.line('info', /work first\.jpg/);
  for (let index = 0; index < 20; index += 1) watch.land(`${index}.jpg`);
  await until('the pool is full', () => watch.pool.calls.length === 9);
  const running = watch.pool.untaken.filter((call) => call.status === 'running');
  assert.equal(running.length, 2);

  let hasStopped = false;
  const stopped = watch.trigger.stop().then(() => {
    hasStopped = true;
  });
  await until('what was queued is cancelled', () =>
    watch.pool.calls.every((call) => call.status !== 'queued'),
  );
  assert.equal(watch.pool.calls.filter((call) => call.status === 'cancelled').length, 6);
  watch.land('too-late.jpg');
  running[0]?.succeed();
  await watch.pool.line('info', new RegExp(`work ${fileOf(running[0] as never)}`));
  assert.equal(hasStopped, false, 'one is still running');
  running[1]?.succeed();
  await within('the trigger stops', stopped);

  assert.equal(watch.pool.calls.length, 9);
  assert.equal(watch.pool.linesLike('info', /^work /).length, 3, 'what ran to its end is settled');
  for (const level of ['warn', 'error'] as const) assert.deepEqual(watch.pool.linesLike(level), []);
});

test('after the signal of the runtime nothing is handed in, also before `stop` is called', async (t) => {
  const watch = await Watch.start(t);
  watch.land('running.jpg');
  const running = await watch.pool.next();
  watch.pool.controller.abort();
  watch.land('too-late.jpg');
  running.succeed();
  await watch.pool.line('info', /work running\.jpg/);
  await within('the trigger stops', watch.trigger.stop());
  assert.deepEqual(filesOf(watch.pool), ['running.jpg']);
});

test('a run that the pool ends while the trigger stops leaves nothing behind that keeps the program alive', async (t) => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const before = timers();
  const watch = await Watch.start(t, { timings: { firstPause: 600_000 } });
  watch.land('running.jpg');
  const running = await watch.pool.next();
  const stopped = watch.trigger.stop();
  running.fail(new RuntimeClosedError('the runtime has been closed'));
  await within('the trigger stops', stopped);
  assert.equal(timers(), before);
});

test('stop ends at once while the folder is missing, files are arriving and failed ones wait', async (t) => {
  const watch = await Watch.start(t, {
    timings: { firstRetry: 600_000, absence: 600_000, patience: 600_000 },
  });
  watch.land('failing.jpg');
  (await watch.pool.next()).fail(new Error('not now'));
  await watch.pool.line('debug', /failing\.jpg/);
  watch.land('cut-off.jpg', makeJpeg().subarray(0, 500));
  await within('the trigger stops', watch.trigger.stop());
});

test('a trigger can be started again after it was stopped, and not twice', async (t) => {
  const watch = await Watch.start(t, { handler: () => undefined });
  await assert.rejects(watch.trigger.start(watch.pool.context), /started already/);
  await watch.trigger.stop();
  watch.land('meanwhile.jpg');
  await watch.trigger.start(watch.pool.context);
  assert.equal(fileOf(await watch.pool.next()), 'meanwhile.jpg');
});

test('a trigger that failed to start can be stopped and started', async (t) => {
  const watch = Watch.prepare(t, { handler: () => undefined });
  writeFileSync(watch.inbox, '');
  await assert.rejects(watch.trigger.start(watch.pool.context));
  await watch.trigger.stop();
});

test('a started trigger keeps the program alive; a stopped one lets it end by itself', async (t) => {
  const project = makeProject(t);
  const url = pathToFileURL(fileURLToPath(new URL('support-program.ts', import.meta.url))).href;
  const tsx = fileURLToPath(import.meta.resolve('tsx'));
  const program = spawn(
    process.execPath,
    ['--import', pathToFileURL(tsx).href, fileURLToPath(url), project.root],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  t.after(() => program.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: program.stdout }).on('line', (line) => lines.push(line));
  const ended = once(program, 'exit');
  await until('the program watches', () => lines.includes('watching'));
  mkdirSync(project.path('inbox/album'));
  project.write('inbox/album/photo.txt', 'content');
  await until('the file is handled', () => lines.includes('album/photo.txt'));
  project.write('inbox/stop.txt', 'content');
  assert.deepEqual(await within('the program ends', ended), [0, null]);
  assert.deepEqual(readdirSync(join(project.root, 'inbox')).sort(), ['album', 'stop.txt']);
});

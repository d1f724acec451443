import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import { runPool, startPool, startService } from '../support/cli.ts';
import {
  listedFiles,
  makeFilesProject,
  stopped,
  takeRuns,
  untilDone,
  untilSetAside,
} from '../support/files-project.ts';
import type { Project } from '../support/project.ts';
import { until } from '../support/wait.ts';

/** The database, and what of it is in its write-ahead log; an empty log may be made by whoever reads. */
const contentsOf = (project: Project) =>
  ['.pool/pool.db', '.pool/pool.db-wal'].map((name) =>
    project.has(name) ? fs.readFileSync(project.path(name)) : Buffer.alloc(0),
  );

test('without a runtime files are listed as the last one has kept them, and nothing is changed', async (t) => {
  const project = makeFilesProject(t);
  const service = await startService(t, project);
  project.write('inbox/bad.txt', 'bad');
  project.write('inbox/good.txt', 'good');
  await untilSetAside(service, 'bad.txt');
  await untilDone(service, 'good.txt');
  const served = await listedFiles(t, project, '--state', 'all');
  await stopped(service);
  const before = contentsOf(project);
  const { code, stdout, stderr } = await runPool(t, project, ['files'], { cwd: project.path('inbox') });
  assert.match(stdout, /^bad\.txt +setAside +1 +- +work failed: RangeError: it is bad$/m);
  assert.equal(
    stderr,
    'pool: No runtime is running: this is what the last one has kept.\nFILES 1 listed  1 setAside  1 done\n',
  );
  assert.equal(code, 0);
  assert.deepEqual(await listedFiles(t, project, '--state', 'all'), served);
  assert.deepEqual(contentsOf(project), before);
});

test('after a kill files are listed, what ran then as running', async (t) => {
  const project = makeFilesProject(t);
  project.write(
    'functions/work.js',
    `console.log('loaded'); export default () => { console.log('at work'); for (;;); };`,
  );
  const service = await startService(t, project);
  for (let index = 0; index < 8; index++) project.write(`inbox/${index}.txt`, 'good');
  await service.says(/"at work"/);
  // What only arrives is not kept.
  const inLine = async () => (await listedFiles(t, project, '--state', 'queued,running')).size;
  await until('all are known', async () => (await inLine()) === 8);
  service.interrupt('SIGKILL');
  await service.ended;
  const before = contentsOf(project);
  const files = await listedFiles(t, project);
  const states = [...files.values()].map(({ state }) => state);
  // One worker has four in hand.
  assert.deepEqual(states.sort(), [...Array(4).fill('queued'), ...Array(4).fill('running')]);
  assert.deepEqual(contentsOf(project), before);
});

test('where nothing has been kept yet that is said, and no database is made', async (t) => {
  const project = makeFilesProject(t);
  for (const args of [['files'], ['files', '--json']]) {
    const { code, stdout, stderr } = await runPool(t, project, args);
    assert.match(stderr, /^pool: Nothing is known of any file yet: /);
    assert.equal(stdout, '');
    assert.equal(code, 0);
  }
  project.write('inbox/a.txt', 'a');
  const retried = await runPool(t, project, ['files', 'retry', 'inbox/a.txt']);
  assert.match(retried.stderr, /^pool: No trigger takes up inbox\/a\.txt: /);
  assert.equal(retried.code, 2);
  assert.equal((await runPool(t, project, ['files', 'retry', '--all'])).code, 0);
  assert.equal(project.has('.pool/pool.db'), false);
  assert.equal(project.has('.pool/owner.json'), false);
});

test('a database that can not be used is told with exit code 69, and stays as it is', async (t) => {
  const project = makeFilesProject(t);
  const content = 'this is no database '.repeat(500);
  project.write('.pool/pool.db', content);
  for (const args of [['files'], ['files', 'retry', '--all']]) {
    const { code, stdout, stderr } = await runPool(t, project, args);
    assert.match(
      stderr,
      /^pool: The database of the triggers, .*pool\.db, is damaged \(.+\)\. The next `pool start` keeps it/,
    );
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    assert.equal(stdout, '');
    assert.equal(code, 69);
  }
  assert.equal(fs.readFileSync(project.path('.pool/pool.db'), 'utf8'), content);
});

for (const existing of [true, false]) {
  test(`what is to be tried again waits for the next start, also with existing: ${existing}`, async (t) => {
    const project = makeFilesProject(t, { existing });
    const service = await startService(t, project);
    const bad = ['bad 1.txt', 'bad 2.txt', 'bad 3.txt'];
    for (const name of bad) project.write(`inbox/${name}`, 'bad');
    await untilSetAside(service, ...bad);
    await stopped(service);
    takeRuns(project);
    project.write('fixed', '');
    const { code, stdout, stderr } = await runPool(t, project, ['files', 'retry', 'bad 1.txt', 'bad 3.txt'], {
      cwd: project.path('inbox'),
    });
    assert.equal(stderr, '2 files are tried again at the next `pool start`.\n');
    assert.equal(stdout, '');
    assert.equal(code, 0);
    const files = await listedFiles(t, project);
    assert.deepEqual(files.get('inbox/bad 1.txt'), {
      ...{ trigger: 'inbox:work', path: project.path('inbox/bad 1.txt'), state: 'arriving', failures: 0 },
      reason: 'it is to be tried again: work failed: RangeError: it is bad',
    });
    assert.equal(files.get('inbox/bad 2.txt')?.state, 'setAside');

    const again = await startService(t, project);
    await untilDone(again, 'bad 1.txt', 'bad 3.txt');
    assert.deepEqual(takeRuns(project).sort(), ['bad 1.txt', 'bad 3.txt']);
    assert.deepEqual([...(await listedFiles(t, project)).keys()], ['inbox/bad 2.txt']);
  });
}

test('while a program has a runtime of its own on the data folder, files are listed, and tried again by touching them alone', async (t) => {
  const project = makeFilesProject(t);
  project.write(
    'app.mjs',
    `import { createRuntime } from 'warm-pool';
     const logger = Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) =>
       [level, (first, second) => process.stderr.write((second ?? first) + '\\n')]));
     logger.child = () => logger;
     const runtime = await createRuntime({ logger });
     await runtime.start();
     console.error('started');`,
  );
  project.write('inbox/bad.txt', 'bad');
  const { spawn } = await import('node:child_process');
  const app = spawn(process.execPath, ['app.mjs'], {
    cwd: project.root,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(app, 'exit');
  project.beforeRemoval(() => {
    app.kill('SIGKILL');
    return ended;
  });
  let said = '';
  app.stderr.on('data', (text) => {
    said += text;
  });
  await until('it is set aside', () => said.includes('bad.txt is set aside until it changes'));
  assert.deepEqual(
    [...(await listedFiles(t, project)).values()].map(({ state }) => state),
    ['setAside'],
  );
  const { code, stderr } = await runPool(t, project, ['files', 'retry', 'inbox/bad.txt']);
  assert.match(stderr, new RegExp(`in use by another runtime \\(pid ${app.pid}\\).* Touch the files`));
  assert.equal(code, 69);
});

test('while a runtime stops, files are listed, and nothing is tried again', async (t) => {
  const project = makeFilesProject(t);
  project.write(
    'functions/lingers.js',
    `import fs from 'node:fs';
     export default async () => {
       console.log('lingering');
       while (!fs.existsSync(new URL('../go', import.meta.url))) await new Promise((next) => setTimeout(next, 20));
     };`,
  );
  const service = await startService(t, project);
  project.write('inbox/bad.txt', 'bad');
  await untilSetAside(service, 'bad.txt');
  const lingering = startPool(t, project, ['invoke', 'lingers']);
  await service.says(/"lingering"/);
  service.interrupt('SIGTERM');
  await service.says(/"stopping/);
  const listed = await runPool(t, project, ['files']);
  assert.match(listed.stdout, /^inbox\/bad\.txt +setAside /m);
  assert.match(listed.stderr, new RegExp(`^pool: The runtime \\(pid ${service.pid}\\) is stopping: `, 'm'));
  const retried = await runPool(t, project, ['files', 'retry', '--all']);
  assert.match(
    retried.stderr,
    /^pool: What was asked for was not done: the runtime \(pid \d+\) is stopping\. /,
  );
  assert.equal(retried.code, 69);
  project.write('go', '');
  await Promise.all([lingering.ended, service.ended]);
});

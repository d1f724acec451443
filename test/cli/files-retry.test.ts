import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { runPool, startService } from '../support/cli.ts';
import { makeFilesProject, stopped, takeRuns, untilDone, untilSetAside } from '../support/files-project.ts';
import { until } from '../support/wait.ts';

test('a file that is set aside is tried again at once, by its path from the working folder', async (t) => {
  const project = makeFilesProject(t);
  const service = await startService(t, project);
  const bad = ['bad 1.txt', 'bad 2.txt', '-bad.txt'];
  for (const name of bad) project.write(`inbox/${name}`, 'bad');
  await untilSetAside(service, ...bad);
  takeRuns(project);
  project.write('fixed', '');
  const cwd = project.path('inbox');
  const { code, stdout, stderr } = await runPool(
    t,
    project,
    ['files', 'retry', '--', '-bad.txt', './bad 2.txt'],
    { cwd },
  );
  assert.equal(stderr, '2 files are tried again.\n');
  assert.equal(stdout, '');
  assert.equal(code, 0);
  await untilDone(service, '-bad.txt', 'bad 2.txt');
  assert.deepEqual(takeRuns(project).sort(), ['-bad.txt', 'bad 2.txt']);
});

test('a file that nobody knows is named, with exit code 2, and the others are tried again all the same', async (t) => {
  const project = makeFilesProject(t);
  const service = await startService(t, project);
  project.write('inbox/bad.txt', 'bad');
  project.write('inbox/good.txt', 'good');
  project.write('inbox/notes.md', 'of no trigger');
  await untilSetAside(service, 'bad.txt');
  await untilDone(service, 'good.txt');
  takeRuns(project);
  const paths = ['inbox/bad.txt', 'inbox/good.txt', 'inbox/notes.md', 'inbox/none.txt', '../elsewhere.txt'];
  const { code, stderr } = await runPool(t, project, ['files', 'retry', ...paths]);
  const lines = stderr.trimEnd().split('\n');
  assert.deepEqual(lines, [
    'inbox/good.txt is done: touch it to have it run once more.',
    'pool: No trigger takes up inbox/notes.md: none has seen it, or their `match` and `ignore` leave it out.',
    'pool: No trigger takes up inbox/none.txt: none has seen it, or their `match` and `ignore` leave it out.',
    'pool: No trigger takes up ../elsewhere.txt: none has seen it, or their `match` and `ignore` leave it out.',
    'One file is tried again.',
  ]);
  assert.equal(code, 2);
  await until('it runs again', () => fs.readFileSync(project.path('runs'), 'utf8') === 'bad.txt\n');

  const json = await runPool(t, project, ['files', 'retry', '--json', 'inbox/good.txt', 'inbox/none.txt']);
  assert.deepEqual(JSON.parse(json.stdout), {
    ...{ ok: false, retried: 0, isRunning: true },
    retries: [
      { path: project.path('inbox/good.txt'), found: 'file', retried: 0, state: 'done' },
      { path: project.path('inbox/none.txt'), found: 'nothing', retried: 0 },
    ],
  });
  assert.equal(json.stderr, '');
  assert.equal(json.code, 2);
});

test('of a folder all that is set aside below is tried again, with --all whatever is', async (t) => {
  const project = makeFilesProject(t);
  const service = await startService(t, project);
  const bad = ['a/1.txt', 'a/deep/2.txt', 'ab/3.txt'];
  for (const name of bad) project.write(`inbox/${name}`, 'bad');
  await untilSetAside(service, ...bad);
  takeRuns(project);
  const below = await runPool(t, project, ['files', 'retry', 'inbox/a/']);
  assert.deepEqual([below.stderr, below.code], ['2 files are tried again.\n', 0]);
  const runs = () => fs.readFileSync(project.path('runs'), 'utf8').split('\n').filter(Boolean).sort();
  await until('both run again', () => runs().length === 2);
  assert.deepEqual(runs(), ['1.txt', '2.txt']);
  await until('all three are set aside', async () => {
    return /^FILES 3 listed {2}3 setAside$/m.test((await runPool(t, project, ['files'])).stderr);
  });
  project.write('fixed', '');
  const all = await runPool(t, project, ['files', 'retry', '--all']);
  assert.deepEqual([all.stderr, all.code], ['3 files are tried again.\n', 0]);
  await untilDone(service, ...bad);
  const none = await runPool(t, project, ['files', 'retry', '--all']);
  assert.deepEqual(
    [none.stderr, none.code],
    ['Nothing is set aside in inbox that a trigger would take up.\n', 0],
  );
});

test('--all has files tried again also of a folder that is away, once it is there again', async (t) => {
  const project = makeFilesProject(t);
  const service = await startService(t, project);
  project.write('inbox/bad.txt', 'bad');
  await untilSetAside(service, 'bad.txt');
  await stopped(service);
  fs.renameSync(project.path('inbox'), project.path('unplugged'));
  const { code, stderr } = await runPool(t, project, ['files', 'retry', '--all']);
  assert.deepEqual([stderr, code], ['One file is tried again at the next `pool start`.\n', 0]);
  fs.renameSync(project.path('unplugged'), project.path('inbox'));
  project.write('fixed', '');
  await untilDone(await startService(t, project), 'bad.txt');
});

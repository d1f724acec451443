import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FolderInUseError, takeFolder } from '../../runtime/store/lock.ts';
import { identityOf } from '../../runtime/store/process-identity.ts';
import { makeProject, repository } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';
import { until } from '../support/wait.ts';

const onLinux = { skip: process.platform !== 'linux' && 'only /proc tells it' };

test('of the threads of one process that take a folder at once, one gets it', async (t) => {
  const project = makeProject(t, {
    'thread.mjs': `
      import { parentPort, workerData } from 'node:worker_threads';
      const { takeFolder } = await import(workerData.lock);
      const { arrived, threads, rounds } = workerData;
      const outcomes = [];
      for (let round = 0; round < rounds; round++) {
        Atomics.add(arrived, round, 1);
        while (Atomics.load(arrived, round) < threads);
        try {
          takeFolder('taken-' + round);
          outcomes.push('taken');
        } catch (error) {
          outcomes.push(error.name);
        }
      }
      parentPort.postMessage(outcomes);`,
  });
  const lock = path.join(repository, 'dist', 'runtime', 'store', 'lock.js');
  const rounds = 300;
  const outcomes = (await runProgram(
    project,
    `
      import { once } from 'node:events';
      import { pathToFileURL } from 'node:url';
      import { Worker } from 'node:worker_threads';
      const arrived = new Int32Array(new SharedArrayBuffer(4 * ${rounds}));
      const lock = pathToFileURL(${JSON.stringify(lock)}).href;
      const workerData = { arrived, lock, threads: 2, rounds: ${rounds} };
      const threads = [1, 2].map(() => new Worker('./thread.mjs', { workerData }));
      const outcomes = await Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0]));
      console.log(JSON.stringify(outcomes));`,
  )) as [string[], string[]];
  const pairs = outcomes[0].map((outcome, round) => [outcome, outcomes[1][round]].sort().join());
  assert.deepEqual(new Set(pairs), new Set(['FolderInUseError,taken']));
  assert.equal(pairs.length, rounds);
});

test('an owner that has ended and whose parent never asks about it has ended', onLinux, async (t) => {
  const project = makeProject(t);
  // The shell becomes a program that never asks how what the shell had started has ended.
  const shell = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.after(() => shell.kill('SIGKILL'));
  const pid = Number(String((await once(shell.stdout, 'data'))[0]));
  const stat = (of?: number) => fs.readFileSync(`/proc/${of}/stat`, 'utf8');
  try {
    await until('the other program', () => stat(shell.pid).includes('(sleep)'));
  } finally {
    process.kill(pid, 'SIGKILL');
  }
  await until('the end of the owner', () => stat(pid).includes(') Z '));
  project.write('data/owner.json', JSON.stringify({ ...identityOf(pid), token: 'a' }));
  takeFolder(project.path('data'))();
});

test(
  'a runtime, of this process too, that never ends taking the folder is respected but not waited for for ever',
  onLinux,
  (t) => {
    const project = makeProject(t);
    const { pid, startedAt } = identityOf(process.pid);
    const claim = `data/.owner-${pid}-${startedAt}-ab.json`;
    project.write(claim, '');
    assert.throws(
      () => takeFolder(project.path('data')),
      (error) => error instanceof FolderInUseError && error.message.endsWith(`remove ${project.path(claim)}`),
    );
    // Its own claim is gone, the other's stays.
    assert.deepEqual(fs.readdirSync(project.path('data')), [path.basename(claim)]);
    project.write(claim.replace(`-${startedAt}-`, '-1-'), '');
    project.remove(claim);
    const release = takeFolder(project.path('data'));
    assert.deepEqual(fs.readdirSync(project.path('data')), ['owner.json']);
    release();
  },
);

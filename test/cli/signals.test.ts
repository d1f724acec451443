import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import {
  endWaiting,
  makePoolProject,
  type Running,
  runPool,
  startPool,
  startService,
  waitsForFile,
} from '../support/cli.ts';
import { until } from '../support/wait.ts';

const patientConfiguration = {
  // A worker that doesn't listen is left alone for so long that only a second Ctrl-C can be what ends it.
  'pool.config.mjs': `export default { pool: { max: 2, killGrace: '10 min' } };`,
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} during pool invoke cancels the invocation, with exit code 130`, async (t) => {
    const run = startPool(t, makePoolProject(t), ['invoke', 'waits']);
    await run.says(/"waiting"/);
    run.child.kill(signal);
    const { code, stdout, stderr } = await run.ended;
    assert.match(
      stderr,
      new RegExp(`^pool: The invocation of "waits" was cancelled: interrupted by ${signal}\\.$`, 'm'),
    );
    assert.match(stderr, /"aborted"/);
    assert.equal(stdout, '');
    assert.equal(code, 130);
    await run.untilNothingIsLeft();
  });
}

test('Ctrl-C ends a function that never looks up, after its grace', async (t) => {
  const run = startPool(t, makePoolProject(t), ['invoke', 'spins']);
  await run.says(/"spinning"/);
  run.interrupt();
  assert.equal((await run.ended).code, 130);
  await run.untilNothingIsLeft();
});

test('a second Ctrl-C kills a function that never looks up', async (t) => {
  const run = startPool(t, makePoolProject(t, patientConfiguration), ['invoke', 'spins']);
  await run.says(/"spinning"/);
  await pressUntilEnded(run);
  const { code, stderr } = await run.ended;
  assert.match(stderr, /cancelled: interrupted by SIGINT/);
  assert.equal(code, 130);
  await run.untilNothingIsLeft();
});

test('Ctrl-C while the runtime starts leaves nothing behind', async (t) => {
  const project = makePoolProject(t, { 'functions/late.js': 'console.error("loading"); for (;;);' });
  const run = startPool(t, project, ['invoke', 'echo', '--log-level', 'info']);
  await run.says(/"loading"/);
  run.interrupt();
  assert.equal((await run.ended).code, 130);
  await run.untilNothingIsLeft();
});

test('Ctrl-C of an attached pool invoke cancels in the running runtime, which goes on', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const run = startPool(t, project, ['invoke', 'waits']);
  await service.says(/"waiting"/);
  run.interrupt();
  const { code, stdout, stderr } = await run.ended;
  assert.match(stderr, /^pool: The invocation of "waits" was cancelled: interrupted by SIGINT\.$/m);
  assert.equal(stdout, '');
  assert.equal(code, 130);
  await service.says(/"aborted"/);
  assert.equal((await runPool(t, project, ['invoke', 'nested/name'])).stdout, '"nested"\n');
});

test('an attached pool invoke that is killed cancels its invocation', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const run = startPool(t, project, ['invoke', 'waits']);
  await service.says(/"waiting"/);
  run.interrupt('SIGKILL');
  await service.says(/"aborted"/);
});

test('Ctrl-C of pool start lets what runs finish, with exit code 0', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const run = startPool(t, project, ['invoke', 'waits', '--args', waitsForFile]);
  await service.says(/"waiting"/);
  service.interrupt();
  await service.says(/stopping: one invocation finishes first; Ctrl-C again kills/);
  endWaiting(project);
  const [ended, served] = await Promise.all([run.ended, service.ended]);
  assert.equal(ended.stdout, '"waited"\n');
  assert.equal(ended.code, 0);
  assert.equal(served.code, 0);
  await service.untilNothingIsLeft();
  assert.equal(existsSync(project.path('.pool', 'control.sock')), false);
  assert.equal(existsSync(project.path('.pool', 'control.json')), false);
});

test('a second Ctrl-C of pool start kills what still runs, with exit code 130', async (t) => {
  const project = makePoolProject(t, patientConfiguration);
  const service = await startService(t, project);
  const run = startPool(t, project, ['invoke', 'spins']);
  await service.says(/"spinning"/);
  await pressUntilEnded(service);
  const [ended, served] = await Promise.all([run.ended, service.ended]);
  assert.match(served.stderr, /killing what still runs/);
  assert.equal(served.code, 130);
  assert.equal(ended.code, 69, ended.stderr);
  assert.match(ended.stderr, /^pool: [^\n]+\n(REPORT [^\n]+\n)?$/);
  await service.untilNothingIsLeft();
  assert.equal(existsSync(project.path('.pool', 'control.sock')), false);
  assert.equal(existsSync(project.path('.pool', 'control.json')), false);
});

test('npm sends Ctrl-C on to its child, which is still one Ctrl-C', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project, [], { env: { npm_lifecycle_event: 'start' } });
  const run = startPool(t, project, ['invoke', 'waits', '--args', waitsForFile]);
  await service.says(/"waiting"/);
  service.interrupt();
  // Another signal than the first: of two of the same kind that come at once a program is told of one.
  service.child.kill('SIGTERM');
  await service.says(/stopping: /);
  endWaiting(project);
  const [ended, served] = await Promise.all([run.ended, service.ended]);
  assert.equal(ended.stdout, '"waited"\n');
  assert.equal(served.code, 0);
});

test('an invocation that comes while the runtime stops runs in a runtime of its own', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const last = startPool(t, project, ['invoke', 'waits', '--args', waitsForFile]);
  await service.says(/"waiting"/);
  service.interrupt();
  await service.says(/stopping: /);
  const { code, stdout, stderr } = await runPool(t, project, ['invoke', 'nested/name']);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '"nested"\n');
  assert.match(stderr, /\(cold\)/);
  endWaiting(project);
  assert.equal((await last.ended).code, 0);
});

/** Ctrl-C again and again, as somebody does who has had enough. */
async function pressUntilEnded(run: Running): Promise<void> {
  let hasEnded = false;
  void run.ended.finally(() => {
    hasEnded = true;
  });
  await until('the end after several Ctrl-C', () => {
    run.interrupt();
    return hasEnded;
  });
}

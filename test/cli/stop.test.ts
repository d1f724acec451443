import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePoolProject, runPool, startPool, startService } from '../support/cli.ts';

const patient = { 'pool.config.mjs': `export default { pool: { max: 2, killGrace: '10 min' } };` };

test('a second pool stop says what is waited for, and Ctrl-C after it kills, with exit code 130', async (t) => {
  const project = makePoolProject(t, patient);
  const service = await startService(t, project);
  const run = startPool(t, project, ['invoke', 'spins']);
  await service.says(/"spinning"/);

  const first = startPool(t, project, ['stop']);
  await first.says(/^Stopping the runtime \(pid \d+\); one invocation finishes first\.$/m);
  await service.says(/stopping: one invocation finishes first/);
  const second = startPool(t, project, ['stop']);
  await second.says(/^The runtime \(pid \d+\) is stopping already; one invocation finishes first\./m);
  assert.match((await runPool(t, project, ['status'])).stdout, /^warm-pool .* and is stopping\.$/m);
  assert.equal(JSON.parse((await runPool(t, project, ['status', '--json'])).stdout).state, 'stopping');

  service.child.kill('SIGTERM');
  const [served, ended] = await Promise.all([service.ended, run.ended]);
  assert.match(served.stderr, /killing what still runs/);
  assert.equal(served.code, 130);
  // It did run, and it was the close that ended it; how much memory its worker had nobody knows any more.
  assert.match(
    ended.stderr,
    /^pool: Function "spins" was running when the runtime was closed, and has been killed\. To start the runtime again: `pool start`\.$/m,
  );
  assert.match(ended.stderr, /^REPORT spins \S+ duration \d+ ms .*\(warm\) {2}worker \d+$/m);
  assert.equal(ended.code, 69);
  for (const { ended: stopped } of [first, second]) assert.equal((await stopped).code, 0);
  await service.untilNothingIsLeft();
});

test('pool start that is stopped before it is ready has done what was asked, with exit code 0', async (t) => {
  for (const when of ['while the workers start', 'while the triggers start']) {
    const project =
      when === 'while the workers start'
        ? makePoolProject(t, { 'functions/late.js': 'console.error("loading"); for (;;);' })
        : makePoolProject(t, { 'pool.config.mjs': slowTrigger });
    const service = startPool(t, project, ['start']);
    await service.says(/loading/);
    service.interrupt('SIGTERM');
    const { code, stderr } = await service.ended;
    assert.doesNotMatch(stderr, /"ready: /);
    assert.match(stderr, /"stopped/);
    assert.equal(code, 0, stderr);
    await service.untilNothingIsLeft();
  }
});

const slowTrigger = `
  export default {
    triggers: [{
      kind: 'test', id: 'slow', functions: [],
      start: ({ log }) => new Promise((resolve) => {
        log.info('loading');
        const timer = setInterval(() => {}, 1000);
        process.once('SIGTERM', () => { clearInterval(timer); setImmediate(resolve); });
      }),
      stop: async () => {},
    }],
  };`;

test('pool start says at once that a function of a trigger is not there', async (t) => {
  const project = makePoolProject(t, {
    'pool.config.mjs': `
      const trigger = (id, ...functions) => ({ kind: 'test', id, functions, start: async () => {}, stop: async () => {} });
      export default { triggers: [trigger('a', 'ecko', 'echo'), trigger('b', 'something/else')] };`,
  });
  const service = await startService(t, project);
  const warnings = service
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('{"level":40'))
    .map((line) => JSON.parse(line).msg);
  assert.deepEqual(warnings, [
    'test a runs "ecko", which is not there, did you mean "echo"?',
    'test b runs "something/else", which is not there',
  ]);
});

test('a second pool start fails before it announces anything, also with another configuration', async (t) => {
  const project = makePoolProject(t, { 'other.config.ts': 'export default {};' });
  const service = await startService(t, project);
  for (const args of [[], ['--config', 'other.config.ts']]) {
    const { code, stderr } = await runPool(t, project, ['start', ...args]);
    assert.match(
      stderr,
      new RegExp(`^pool: The data folder is in use by another runtime, .*\\(pid ${service.pid}\\)`),
    );
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    assert.equal(code, 69);
  }
});

test('a runtime that does not answer is no riddle, with exit code 69', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const run = startPool(t, project, ['invoke', 'waits', '--args', '{"ms":1}']);
  assert.equal((await run.ended).code, 0);
  service.child.kill('SIGSTOP');
  const runs = [['status'], ['stop'], ['list'], ['invoke', 'echo']].map((args) => runPool(t, project, args));
  for (const { code, stdout, stderr } of await Promise.all(runs)) {
    assert.match(stderr, new RegExp(`^pool: The runtime \\(pid ${service.pid}\\) does not answer: `));
    assert.equal(stdout, '');
    assert.equal(code, 69);
  }
  // What it was asked to do while it could not hear is the stop alone: the arguments of an invocation wait for its word.
  service.child.kill('SIGCONT');
  const { code, stderr } = await service.ended;
  assert.match(stderr, /"stopping"/);
  assert.equal(code, 0);
});

test('Ctrl-C gives up on a runtime that does not answer, which cancels when it wakes up', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const run = startPool(t, project, ['invoke', 'waits']);
  await service.says(/"waiting"/);
  service.child.kill('SIGSTOP');
  run.interrupt();
  const { code, stderr } = await run.ended;
  assert.match(stderr, /^pool: The invocation of "waits" was cancelled: interrupted by SIGINT\.$/m);
  assert.equal(code, 130);
  service.child.kill('SIGCONT');
  await service.says(/"aborted"/);
});

test('a runtime that stops answering during an invocation is told once, and waited for', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const run = startPool(t, project, ['invoke', 'waits', '--args', '{"ms":5000}']);
  await service.says(/"waiting"/);
  service.child.kill('SIGSTOP');
  await run.says(new RegExp(`^pool: The runtime \\(pid ${service.pid}\\) does not answer any more\\.`, 'm'));
  service.child.kill('SIGCONT');
  const { code, stdout, stderr } = await run.ended;
  assert.equal(stderr.match(/does not answer/g)?.length, 1, stderr);
  assert.equal(stdout, '"waited"\n');
  assert.equal(code, 0);
});

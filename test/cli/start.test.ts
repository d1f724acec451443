import assert from 'node:assert/strict';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  endWaiting,
  makePoolProject,
  runPool,
  startPool,
  startService,
  waitsForFile,
} from '../support/cli.ts';
import type { Project } from '../support/project.ts';

const modeOf = (file: string) => (lstatSync(file).mode & 0o777).toString(8);

function controlOf(project: Project, dataDir = '.pool'): { pid: number; address: string; config: string } {
  return JSON.parse(readFileSync(project.path(dataDir, 'control.json'), 'utf8'));
}

async function isAttached(
  ...[test, project, args = []]: [Parameters<typeof runPool>[0], Project, string[]?]
) {
  const { code, stdout, stderr } = await runPool(test, project, ['invoke', 'nested/name', ...args]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '"nested"\n');
  return stderr.includes('(warm)');
}

test('the control socket is open to its user alone, and gone with the runtime', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const { pid, address, config } = controlOf(project);
  assert.equal(pid, service.pid);
  assert.equal(config, project.path('pool.config.mjs'));
  assert.equal(address, project.path('.pool', 'control.sock'));
  assert.ok(lstatSync(address).isSocket());
  assert.equal(modeOf(address), '600');
  assert.equal(modeOf(project.path('.pool', 'control.json')), '600');
  service.interrupt();
  assert.equal((await service.ended).code, 0);
  assert.equal(existsSync(address), false);
  assert.equal(existsSync(project.path('.pool', 'control.json')), false);
});

const unstoppable = `
  export default {
    triggers: [
      { kind: 'test', id: 'a', functions: [], start: async () => {}, stop: () => Promise.reject(new Error('stuck')) },
    ],
  };`;

test('the control socket is gone also when the runtime could not be closed', async (t) => {
  const project = makePoolProject(t, { 'pool.config.mjs': unstoppable });
  const service = await startService(t, project);
  service.interrupt();
  const { stderr } = await service.ended;
  assert.match(stderr, /stuck/);
  assert.equal(existsSync(project.path('.pool', 'control.sock')), false);
  assert.equal(existsSync(project.path('.pool', 'control.json')), false);
  await service.untilNothingIsLeft();
});

test('a start that fails says why, also when what had been started can not be closed', async (t) => {
  const project = makePoolProject(t, { 'pool.config.mjs': unstoppable, '.pool/control.sock': 'no socket' });
  const { code, stderr } = await runPool(t, project, ['start']);
  assert.match(stderr, /^pool: The control socket can't be made: .*control\.sock is there and is no socket/m);
  assert.match(stderr, /stuck/);
  assert.equal(code, 69);
});

test('a data folder too long for a socket address has its socket in a folder of the user', async (t) => {
  const dataDir = path.join('data', 'd'.repeat(100));
  const project = makePoolProject(t, { 'pool.config.mjs': `export default { dataDir: '${dataDir}' };` });
  const service = await startService(t, project);
  const { address } = controlOf(project, dataDir);
  assert.ok(Buffer.byteLength(address) < 104, address);
  assert.equal(modeOf(address), '600');
  assert.equal(modeOf(path.dirname(address)), '700');
  assert.equal(await isAttached(t, project), true);
  service.interrupt();
  assert.equal((await service.ended).code, 0);
  assert.equal(existsSync(address), false);
});

test("what a killed runtime leaves behind is in nobody's way", async (t) => {
  const project = makePoolProject(t);
  const killed = await startService(t, project);
  killed.interrupt('SIGKILL');
  await killed.ended;
  assert.ok(existsSync(project.path('.pool', 'control.sock')));
  assert.equal((await runPool(t, project, ['status'])).code, 69);
  assert.equal(await isAttached(t, project), false);
  await startService(t, project);
  assert.equal(await isAttached(t, project), true);
});

test('a second pool start says who holds the data folder, with exit code 69', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const { code, stderr } = await runPool(t, project, ['start']);
  assert.match(stderr, new RegExp(`^pool: .*\\(pid ${service.pid}\\)\\. Stop it with \`pool stop\``, 'm'));
  assert.equal(code, 69);
  assert.equal(await isAttached(t, project), true);
});

test('a runtime is found through a data folder that the configuration names', async (t) => {
  const project = makePoolProject(t, { 'pool.config.mjs': `export default { dataDir: 'var/pool' };` });
  await startService(t, project);
  assert.equal(await isAttached(t, project), true);
});

test('a runtime is found without a configuration file', async (t) => {
  const project = makePoolProject(t);
  project.remove('pool.config.mjs');
  await startService(t, project);
  assert.equal(await isAttached(t, project), true);
});

test('a runtime of another configuration is not taken for this one', async (t) => {
  const project = makePoolProject(t, { 'other.config.ts': 'export default {};' });
  await startService(t, project);
  assert.equal(await isAttached(t, project, ['--config', 'other.config.ts']), false);
  assert.equal(await isAttached(t, project, ['--config', './pool.config.mjs']), true);
});

test('a runtime is found from a folder inside the project', async (t) => {
  const project = makePoolProject(t);
  await startService(t, project);
  assert.equal(await isAttached(t, project, ['--cwd', 'functions/nested']), true);
});

test('a runtime whose workers can not start is no runtime, with exit code 69', async (t) => {
  const project = makePoolProject(t, {
    'pool.config.mjs': `export default { pool: { execArgv: ['--no-such-option'] } };`,
  });
  for (const command of [['start'], ['invoke', 'echo']]) {
    const run = startPool(t, project, command);
    const { code, stdout, stderr } = await run.ended;
    assert.match(stderr, /^pool: No worker starts: .*--no-such-option/m);
    assert.equal(stdout, '');
    assert.equal(code, 69);
    await run.untilNothingIsLeft();
  }
});

test('a function that can not be loaded is told with its reason and hinders no other', async (t) => {
  const project = makePoolProject(t, { 'functions/broken.ts': 'export default (' });
  const service = await startService(t, project);
  assert.match(service.stderr(), /function broken can't be loaded: .*broken\.ts:1:/);
  assert.equal(await isAttached(t, project), true);
  const { code, stderr } = await runPool(t, project, ['invoke', 'broken']);
  assert.match(stderr, /^pool: Function "broken" could not be loaded .*broken\.ts/);
  assert.equal(code, 1);
});

test('pool status shows the workers, and pool stop waits for what runs', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const run = startPool(t, project, ['invoke', 'waits', '--args', waitsForFile]);
  await service.says(/"waiting"/);

  const status = await runPool(t, project, ['status', '--json']);
  const { pid, root, stats } = JSON.parse(status.stdout);
  assert.deepEqual([pid, root, stats.running], [service.pid, project.root, 1]);
  const forPeople = await runPool(t, project, ['status']);
  assert.match(forPeople.stdout, new RegExp(`runs with pid ${service.pid} `));
  assert.match(forPeople.stdout, /^1 +\d+ +default +busy /m);

  const stop = startPool(t, project, ['stop']);
  await stop.says(new RegExp(`Stopping the runtime \\(pid ${service.pid}\\)`));
  await service.says(/"stopping: one invocation finishes first/);
  endWaiting(project);
  assert.equal((await stop.ended).code, 0);
  await service.untilNothingIsLeft();
  assert.equal((await run.ended).stdout, '"waited"\n');
  assert.equal((await service.ended).code, 0);
});

test('pool status and pool stop without a runtime say so, with exit code 69', async (t) => {
  const project = makePoolProject(t);
  for (const command of ['status', 'stop']) {
    const { code, stdout, stderr } = await runPool(t, project, [command]);
    assert.match(stderr, /^pool: No runtime is running .* `pool start` starts one\.\n$/);
    assert.equal(stdout, '');
    assert.equal(code, 69);
  }
});

test('pool status and pool stop without a runtime name the project, also from a folder inside it', async (t) => {
  const project = makePoolProject(t);
  for (const command of ['status', 'stop']) {
    const { code, stderr } = await runPool(t, project, [command], {
      cwd: project.path('functions', 'nested'),
    });
    assert.ok(stderr.startsWith(`pool: No runtime is running for the project in ${project.root}. `), stderr);
    assert.equal(code, 69);
  }
});

test('pool list and pool describe tell the same with and without a running runtime', async (t) => {
  const project = makePoolProject(t, { 'functions/broken.js': 'export default (' });
  const outputs = async () => {
    const list = await runPool(t, project, ['list']);
    const describe = await runPool(t, project, ['describe', 'echo', '--json']);
    return [list.stdout, describe.stdout];
  };
  const own = await outputs();
  await startService(t, project);
  assert.deepEqual(await outputs(), own);
  const [list = '', description = ''] = own;
  assert.match(list, /^FUNCTION +STATE +TIMEOUT +DESCRIPTION$/m);
  assert.match(list, /^echo +ready +1 min +Returns what it is given$/m);
  assert.match(list, /^broken +failed /m);
  assert.match(list, /^nested\/name +ready /m);
  assert.equal(JSON.parse(description).file, project.path('functions', 'echo.js'));
});

test('a runtime that is killed takes its callers with it, with exit code 69', async (t) => {
  const project = makePoolProject(t);
  const service = await startService(t, project);
  const run = startPool(t, project, ['invoke', 'waits']);
  await service.says(/"waiting"/);
  service.interrupt('SIGKILL');
  const { code, stdout, stderr } = await run.ended;
  assert.match(stderr, /^pool: The runtime went away before it answered/);
  assert.equal(stdout, '');
  assert.equal(code, 69);
});

test('what a configuration leaves running does not keep a command alive', async (t) => {
  const project = makePoolProject(t, {
    'pool.config.mjs': 'setInterval(() => {}, 1000); export default { pool: { max: 1 } };',
  });
  assert.equal(await isAttached(t, project), false);
  const service = await startService(t, project);
  service.interrupt();
  assert.equal((await service.ended).code, 0);
});

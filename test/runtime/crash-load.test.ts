import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntime, FunctionLoadError, type Logger, PoolError, WorkerCrashedError } from 'warm-pool';
import { infoOf, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { within } from '../support/wait.ts';

const good = {
  'functions/good.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, process.pid);`,
};

const bad: Record<string, { module: string; says: RegExp }> = {
  throws: { module: `throw new RangeError('no such codec');`, says: /RangeError: no such codec/ },
  'throws-null': { module: 'throw null;', says: /threw null/ },
  exits: { module: `console.error('good bye'); process.exit(0);`, says: /exited with code 0.*good bye/ },
  aborts: { module: 'process.abort();', says: /was killed by SIGABRT/ },
  kills: { module: `process.kill(process.pid, 'SIGKILL'); for (;;);`, says: /was killed by SIGKILL/ },
  spins: { module: 'for (;;);', says: /had not loaded its functions after 2000 ms/ },
  hangs: { module: 'await new Promise(() => {});', says: /had not loaded its functions after 2000 ms/ },
  'throws-later': {
    module: `await new Promise((resolve, reject) => setTimeout(() => { throw new RangeError('late'); }, 5));`,
    says: /exited with code 1.*RangeError: late/,
  },
};

for (const [name, { module, says }] of Object.entries(bad)) {
  test(`a module that ${name.replace('-', ' ')} while it loads is out of service alone, with the reason`, async (t) => {
    const { runtime } = await runProject(
      t,
      { ...good, [`functions/${name}.js`]: `${module}\nexport default () => 1;` },
      { config: { pool: { min: 2, max: 2, loadTimeout: '2s' } } },
    );
    const invocation = runtime.invoke(name);
    const error = await rejectionOf(invocation, FunctionLoadError);
    assert.match(error.message, says);
    assert.equal(error.invocationId, invocation.id);
    const { state, error: reason } = infoOf(runtime, name);
    assert.equal(state, 'failed');
    assert.match(`${reason?.name}: ${reason?.message}`, says);
    const pids = await within(
      'the others',
      Promise.all(Array.from({ length: 6 }, () => runtime.invoke<number>('wait', 20))),
    );
    assert.equal(new Set(pids).size, 2);
  });
}

test('all kinds of bad modules at once leave the good ones in service', async (t) => {
  const modules = Object.entries(bad).map(([name, { module }]) => [`functions/${name}.js`, module]);
  const { runtime } = await runProject(
    t,
    { ...good, ...Object.fromEntries(modules) },
    { config: { pool: { max: 1, loadTimeout: '2s' } } },
  );
  await within('a good one', runtime.invoke('good'));
  for (const name of Object.keys(bad)) await rejectionOf(runtime.invoke(name), FunctionLoadError);
});

test('a project in which no module can be loaded has a runtime that says so', async (t) => {
  const { runtime } = await runProject(t, { 'functions/exits.js': 'process.exit(1);' });
  await rejectionOf(runtime.invoke('exits'), FunctionLoadError);
});

/** A logger that counts the workers that start. */
function countStarts(): { logger: Logger; starts: () => number } {
  let starts = 0;
  const ignore = () => {};
  const debug = (_fields: object | string, message?: string) => {
    if (message?.endsWith('starts')) starts++;
  };
  const logger: Logger = {
    ...{ trace: ignore, debug, info: ignore, warn: ignore, error: ignore, fatal: ignore },
    child: () => logger,
  };
  return { logger, starts: () => starts };
}

/** With one of these as the last module a worker gets ready, and is gone before or while it does anything. */
const shortLives: [what: string, module: string][] = [
  ['at once', `setTimeout(() => process.exit(3), 0);`],
  ['soon', `setTimeout(() => process.exit(3), 30);`],
  ['by a signal', `setTimeout(() => process.kill(process.pid, 'SIGKILL'), 0);`],
];

for (const [what, module] of shortLives) {
  test(`workers that die ${what} after they got ready: every invocation ends, and there is no storm of them`, async (t) => {
    const { logger, starts } = countStarts();
    const { runtime } = await runProject(
      t,
      { ...good, 'functions/zone.js': `${module}\nexport default () => 1;` },
      { config: { pool: { max: 2 } }, logger, logLevel: 'debug' },
    );
    const begun = performance.now();
    // Some may find a worker that lives long enough.
    const invocations = Array.from({ length: 5 }, () => runtime.invoke('wait', 20_000));
    for (const each of await within('the invocations', Promise.allSettled(invocations))) {
      assert(each.status === 'rejected');
      assert(each.reason instanceof WorkerCrashedError, String(each.reason));
    }
    await within('the drain', runtime.drain());
    // Each invocation may cost a worker, and each start that fails makes the next one wait longer.
    const seconds = (performance.now() - begun) / 1000;
    const allowed = 2 * invocations.length + 10 + seconds;
    assert(starts() <= allowed, `${starts()} workers were started in ${seconds} s`);
  });
}

test('options that Node does not take are the error of createRuntime, in its own words', async (t) => {
  const { root } = makeProject(t, good);
  const creating = createRuntime({ cwd: root, config: { pool: { execArgv: ['--no-such-option'] } } });
  const error = await rejectionOf(creating, WorkerCrashedError);
  assert.match(error.message, /No worker starts: .*exited with code 9.*bad option: --no-such-option/);
  assert.deepEqual([error.exitCode, error.signal], [9, null]);
  assert(error.stderr.some((line) => line.includes('bad option: --no-such-option')));
  assert(error instanceof PoolError);
});

test('a module that is preloaded and fails is the error of createRuntime', async (t) => {
  const { root, path } = makeProject(t, { ...good, 'preload.cjs': `throw new RangeError('no licence');` });
  const execArgv = ['--require', path('preload.cjs')];
  const creating = createRuntime({ cwd: root, config: { pool: { execArgv } } });
  const { message } = await rejectionOf(creating, WorkerCrashedError);
  assert.match(message, /RangeError: no licence/);
});

for (const loadTimeout of [Infinity, '30 days']) {
  test(`a loadTimeout of ${loadTimeout} is one`, async (t) => {
    const { runtime } = await runProject(t, good, { config: { pool: { loadTimeout } } });
    await within('an invocation', runtime.invoke('good'));
  });
}

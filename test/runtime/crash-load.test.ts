import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntime, type Logger, PoolError, WorkerCrashedError } from 'warm-pool';
import { rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { within } from '../support/wait.ts';

const good = {
  'functions/good.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms) => setTimeout(ms, process.pid);`,
};

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

import assert from 'node:assert/strict';
import { createRuntime, type Logger, PoolError, WorkerCrashedError } from 'warm-pool';
import { type Isolation, isolations, testEach } from '../conformance/support.ts';
import { rejectionOf } from '../support/open-runtime.ts';
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
const shortLives: [what: string, module: string, where: readonly Isolation[]][] = [
  ['at once', `setTimeout(() => process.exit(3), 0);`, isolations],
  ['soon', `setTimeout(() => process.exit(3), 30);`, isolations],
  ['by a signal', `setTimeout(() => process.kill(process.pid, 'SIGKILL'), 0);`, ['process']],
];

for (const [what, module, where] of shortLives) {
  testEach(
    `workers that die ${what} after they got ready: every invocation ends, and there is no storm of them`,
    async (_t, open, isolation) => {
      const { logger, starts } = countStarts();
      const { runtime } = await open(
        {},
        { ...good, 'functions/zone.js': `${module}\nexport default () => 1;` },
        { config: { pool: { isolation, max: 2 } }, logger, logLevel: 'debug' },
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
    },
    where,
  );
}

/** What Node says of an option that it doesn't take, when it starts a process or a thread. */
const refusals: Record<Isolation, { words: string; how: RegExp; exitCode: number | null }> = {
  process: {
    words: 'bad option: --no-such-option',
    how: /No worker starts: .*exited with code 9/,
    exitCode: 9,
  },
  thread: {
    words: 'invalid execArgv flags: --no-such-option',
    how: /No worker starts: .*could not be started/,
    exitCode: null,
  },
};

testEach(
  'options that Node does not take are the error of createRuntime, in its own words',
  async (t, _open, isolation) => {
    const { root } = makeProject(t, good);
    const pool = { isolation, execArgv: ['--no-such-option'] };
    const error = await rejectionOf(createRuntime({ cwd: root, config: { pool } }), WorkerCrashedError);
    const { words, how, exitCode } = refusals[isolation];
    assert.match(error.message, how);
    assert(error.message.includes(words), error.message);
    assert.deepEqual([error.exitCode, error.signal], [exitCode, null]);
    assert(error.stderr.some((line) => line.includes(words)));
    assert(error instanceof PoolError);
  },
);

testEach(
  'a module that is preloaded and fails is the error of createRuntime',
  async (t, _open, isolation) => {
    const { root, path } = makeProject(t, { ...good, 'preload.cjs': `throw new RangeError('no licence');` });
    const execArgv = ['--require', path('preload.cjs')];
    const creating = createRuntime({ cwd: root, config: { pool: { isolation, execArgv } } });
    const { message } = await rejectionOf(creating, WorkerCrashedError);
    assert.match(message, /RangeError: no licence/);
  },
);

for (const loadTimeout of [Infinity, '30 days']) {
  testEach(`a loadTimeout of ${loadTimeout} is one`, async (_t, open) => {
    const { runtime } = await open({ loadTimeout }, good);
    await within('an invocation', runtime.invoke('good'));
  });
}

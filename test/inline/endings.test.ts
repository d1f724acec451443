import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CancelledError,
  FunctionError,
  FunctionNotFoundError,
  type Invocation,
  MemoryLimitError,
  QueueFullError,
  RuntimeClosedError,
  type RuntimeEvent,
  TimeoutError,
  WorkerCrashedError,
} from 'warm-pool';
import { testEach, whoIs } from '../conformance/support.ts';
import { keepLines } from '../support/log-lines.ts';
import { allServe } from '../support/nested.ts';
import { infoOf, openRuntime, rejectionOf, runProject } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { until, within } from '../support/wait.ts';

const spin = () => {
  for (;;);
};
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms, 'waited'));
const who = async () => `${process.pid}.${(await import('node:worker_threads')).threadId}`;

async function begun(invocation: Invocation): Promise<void> {
  await until('its begin', () => invocation.status === 'running');
}

testEach(
  'a timeout, a cancel and a signal end an endless loop, and what comes after it runs',
  async (_t, open) => {
    const { runtime } = await open({ max: 1, killGrace: 50 });
    const late = await rejectionOf(runtime.runWith({ timeout: 100 }, spin), TimeoutError);
    assert.equal(late.message, 'Function "spin" ran longer than its timeout of 100 ms.');
    const cancelled = runtime.run(spin);
    await begun(cancelled);
    cancelled.cancel('enough');
    assert.equal((await rejectionOf(cancelled, CancelledError)).cause, 'enough');
    const controller = new AbortController();
    const aborted = runtime.runWith({ signal: controller.signal }, spin);
    await begun(aborted);
    controller.abort('enough too');
    assert.equal((await rejectionOf(aborted, CancelledError)).cause, 'enough too');
    assert.equal(await within('the next', runtime.run(wait, 1)), 'waited');
    assert.deepEqual([cancelled.status, cancelled.report?.durationMs !== undefined], ['cancelled', true]);
  },
);

testEach('the timeout of the pool holds for it', async (_t, open) => {
  const { runtime } = await open({ max: 1, killGrace: 50, timeout: 100 });
  await rejectionOf(runtime.run(spin), TimeoutError);
});

testEach('one that was cancelled or aborted before it began never runs', async (_t, open) => {
  const { runtime, project } = await open({ max: 1 });
  const mark = (file: string) => require('node:fs').writeFileSync(file, '');
  const first = runtime.run(wait, 50);
  const queued = runtime.run(mark, project.path('mark'));
  queued.cancel();
  const aborted = runtime.runWith({ signal: AbortSignal.abort() }, mark, project.path('mark'));
  await rejectionOf(queued, CancelledError);
  await rejectionOf(aborted, CancelledError);
  await first;
  await runtime.drain();
  assert.equal(project.has('mark'), false);
});

testEach(
  'the memory limit of the pool holds for it',
  async (_t, open) => {
    const { runtime } = await open({ max: 1, maxMemory: '120mb' });
    const fill = () => {
      const kept: Buffer[] = [];
      while (kept.length < 1_000) kept.push(Buffer.alloc(2 ** 20, 1));
    };
    const { functionName, limitMB } = await rejectionOf(runtime.run(fill), MemoryLimitError);
    assert.deepEqual([functionName, limitMB], ['fill', 120]);
  },
  ['process'],
);

testEach(
  'one that ends its worker fails alone, and the next worker is told of the same function',
  async (_t, open) => {
    const { runtime } = await open({ max: 1 });
    const before = await runtime.run(who);
    const { exitCode, functionName } = await rejectionOf(
      runtime.run(function die() {
        process.exit(7);
      }),
      WorkerCrashedError,
    );
    assert.deepEqual([exitCode, functionName], [7, 'die']);
    const after = await within('the next', runtime.run(who));
    assert.notEqual(after, before);
    await allServe(runtime);
  },
);

testEach('with `retry` it is tried again, by another worker when the first has died', async (_t, open) => {
  const { runtime, project } = await open({ max: 1 });
  const third = (file: string) => {
    const fs = require('node:fs');
    fs.appendFileSync(file, '.');
    const attempt = fs.statSync(file).size;
    if (attempt === 1) throw new Error('the first');
    if (attempt === 2) process.exit(1);
    return attempt;
  };
  const options = { retry: { attempts: 3, backoff: 1 } };
  const invocation = runtime.runWith(options, third, project.path('attempts'));
  assert.equal(await within('the third attempt', invocation), 3);
  assert.deepEqual([invocation.attempt, invocation.status], [3, 'succeeded']);
});

testEach(
  'it runs in the pool that is named, which may have no functions of its own',
  async (_t, open, isolation) => {
    const { runtime } = await open(
      {},
      {},
      {
        config: { pool: { isolation, max: 1 }, pools: { io: { isolation, max: 1 } } },
      },
    );
    const events = runtime.events()[Symbol.asyncIterator]();
    assert.equal(await within('it', runtime.runWith({ pool: 'io' }, wait, 1)), 'waited');
    assert.equal(await within('the other', runtime.run(wait, 1)), 'waited');
    const { io, default: first } = runtime.stats().pools;
    assert.deepEqual([io?.run.count, first?.run.count], [1, 1]);
    await events.return?.();
  },
);

test('a mistake in the options is told before anything is sent', async (t) => {
  const { runtime } = await runProject(t, { 'functions/echo.js': 'export default (value) => value;' });
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ timeot: 5 }, /^`runWith` has no option `timeot`, did you mean "timeout"\?$/],
    [{ timeout: -1 }, /the `timeout` option to be a number of ms above 0/],
    [
      { pool: 'defalt' },
      /the `pool` option to be the name of a pool, got 'defalt' \(string\), did you mean "default"\?$/,
    ],
    [{ pool: 'other' }, /got 'other' \(string\); the configuration has default$/],
    [{ pool: 5 }, /the `pool` option to be the name of a pool, got 5 \(number\)/],
    [{ cwd: 5 }, /the `cwd` option to be a path, got 5 \(number\)/],
    [{ retry: {} }, /the `retry.attempts` option/],
  ];
  for (const [options, message] of cases) {
    assert.match((await rejectionOf(runtime.runWith(options, wait, 1), TypeError)).message, message);
  }
  assert.match(
    (await rejectionOf(runtime.runWith(null as never, wait, 1), TypeError)).message,
    /to be an object/,
  );
  assert.equal(runtime.stats().runs.invocations, 0);
});

testEach(
  'a function of the folder that has its name is another one, with limits of its own',
  async (_t, open, isolation) => {
    const own = `export default () => 'of the folder'; export const config = { pool: 'io', concurrency: 1, timeout: 1 };`;
    const { runtime } = await open(
      {},
      { 'functions/work.js': own },
      {
        config: { pool: { isolation, max: 2 }, pools: { io: { isolation, max: 1 } } },
      },
    );
    const work = async function work(ms: number) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return 'of the program';
    };
    const invocations = [1, 2, 3].map(() => runtime.run(work, 20));
    assert.deepEqual(await within('all', Promise.all(invocations)), Array(3).fill('of the program'));
    assert.equal(await runtime.invoke('work', undefined, { timeout: '10s' }), 'of the folder');
    const { functions, runs } = runtime.stats();
    assert.deepEqual([functions.work?.succeeded, runs.succeeded], [1, 3]);
    assert.deepEqual(
      Object.keys(functions).filter((name) => name.includes('run') || name.includes('anonymous')),
      [],
    );
  },
);

testEach(
  'events, errors and logs name it; figures of all that was run are told together',
  async (_t, open) => {
    const { logger, lines } = keepLines();
    const { runtime } = await open({ max: 1 }, {}, { logger });
    const events = runtime.events()[Symbol.asyncIterator]();
    const print = function print() {
      console.log('printed');
    };
    const printed = runtime.run(print);
    await printed;
    await rejectionOf(
      runtime.run(() => {
        throw new Error('no');
      }),
      FunctionError,
    );
    const told: RuntimeEvent[] = [];
    while (told.filter(({ type }) => type === 'invocation:ended').length < 2) {
      const { value } = await within('an event', events.next());
      if (value?.type.startsWith('invocation:')) told.push(value as RuntimeEvent);
    }
    assert.deepEqual(
      told.map((each) => [each.type, 'functionName' in each && each.functionName]),
      ['print', '(anonymous)'].flatMap((name) =>
        ['queued', 'started', 'ended'].map((what) => [`invocation:${what}`, name]),
      ),
    );
    const { fields } = await until('the line', () => lines.find(({ message }) => message === 'printed'));
    assert.deepEqual([fields.function, fields.invocation], ['print', printed.id]);
    const { invocations, succeeded, failed, run } = runtime.stats().runs;
    assert.deepEqual([invocations, succeeded, failed, run.count], [2, 1, 1, 2]);
  },
);

testEach('of more different functions than a worker keeps each still is the right one', async (_t, open) => {
  const { runtime } = await open({ max: 2 });
  const make = (index: number) => new Function('x', `return x + ${index};`) as (x: number) => number;
  const count = 1_200;
  const fns = Array.from({ length: count }, (_, index) => make(index));
  for (let round = 0; round < 2; round++) {
    const results = await within('all', Promise.all(fns.map((fn) => runtime.run(fn, 1))));
    assert.deepEqual(
      results,
      Array.from({ length: count }, (_, index) => index + 1),
    );
  }
  assert.equal(runtime.stats().runs.succeeded, 2 * count);
});

testEach(
  'short and long ones and those of the folder are mixed, and every one is answered',
  async (_t, open) => {
    const { runtime } = await open({ max: 2 });
    const short = (index: number) => index;
    const long = async (index: number) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return index;
    };
    const answers = Array.from({ length: 3_000 }, (_, index) => {
      if (index % 100 === 0) return runtime.run(long, index);
      return index % 2 === 0 ? runtime.run(short, index) : runtime.invoke<number>('echo', index);
    });
    assert.deepEqual(await within('all', Promise.all(answers)), Array.from(answers.keys()));
  },
);

testEach('what is queued is refused when the queue is full, and ends with the runtime', async (_t, open) => {
  const { runtime } = await open({ max: 1, queueLimit: 1 });
  const running = runtime.run(spin);
  await begun(running);
  const queued = runtime.run(wait, 1);
  const { functionName } = await rejectionOf(runtime.run(wait, 1), QueueFullError);
  assert.equal(functionName, 'wait');
  const closing = runtime.close({ timeout: 0 });
  for (const each of [running, queued]) await rejectionOf(each, RuntimeClosedError);
  const { message } = await rejectionOf(runtime.run(wait, 1), RuntimeClosedError);
  assert.match(message, /^Function "wait" can't run: the runtime has been closed\.$/);
  await within('the close', closing);
});

testEach('it goes on when the functions of the folder are replaced while it waits', async (_t, open) => {
  const { runtime, project } = await open({ max: 1 }, {}, { hotReload: true });
  const before = await whoIs(runtime);
  const version = () => infoOf(runtime, 'echo').version;
  const old = version();
  const waitFor = async (file: string) => {
    const fs = require('node:fs');
    while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
    return 'waited';
  };
  const running = runtime.run(waitFor, project.path('here'));
  await begun(running);
  const queued = runtime.run(who);
  project.write('functions/echo.js', 'export default () => "changed";');
  await until('the change', () => version() !== old);
  project.write('here', '');
  assert.equal(await within('what ran', running), 'waited');
  assert.notEqual(await within('what waited', queued), before);
});

testEach('a program without a functions folder needs none', async (t, _open, isolation) => {
  const project = makeProject(t);
  const pool = { isolation, max: 2 } as const;
  const runtime = await openRuntime(t, { cwd: project.root, config: { functions: [], pool } });
  assert.deepEqual([runtime.functions(), runtime.stats().workers], [[], []]);
  const results = [1, 2, 3].map((ms) => runtime.run(wait, ms));
  assert.deepEqual(await within('all', Promise.all(results)), Array(3).fill('waited'));
  const { message } = await rejectionOf(runtime.invoke('echo'), FunctionNotFoundError);
  assert.match(message, /There is no function "echo"/);
});

import assert from 'node:assert/strict';
import { type Runtime, WorkerCrashedError } from 'warm-pool';
import { infoOf, rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { isolations, meet, testEach, untilGone, whoIs } from './support.ts';

const moduleOf = (body: string) => `
  import fs from 'node:fs';
  import { setTimeout as wait } from 'node:timers/promises';
  const pending = () => new Promise(() => {});
  export default async (args, ctx) => { ${body} };`;

interface Death {
  readonly what: string;
  readonly body: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What one of the lines of `stderr` says. */
  readonly says?: RegExp;
  readonly execArgv?: string[];
  /** What differs in a thread; null where it ends more than the thread, or nothing (see threads.test.ts). */
  readonly inThread?: Partial<Death> | null;
}

const deaths: Death[] = [
  { what: 'exits with 3', body: 'process.exit(3);', exitCode: 3, signal: null },
  { what: 'exits with 0', body: 'process.exit(0);', exitCode: 0, signal: null },
  { what: 'exits later with 0', body: 'await wait(20); process.exit(0);', exitCode: 0, signal: null },
  {
    what: 'kills itself',
    body: `process.kill(process.pid, 'SIGKILL');`,
    exitCode: null,
    signal: 'SIGKILL',
    inThread: null,
  },
  {
    what: 'aborts',
    body: `console.error('about to abort'); process.abort();`,
    ...{ exitCode: null, signal: 'SIGABRT', says: /^about to abort$/ },
    inThread: null,
  },
  {
    what: 'fills the heap',
    body: 'const photos = []; for (;;) photos.push(new Array(1_000).fill({}));',
    ...{ exitCode: null, signal: 'SIGABRT', says: /heap out of memory/ },
    execArgv: ['--max-old-space-size=40'],
    inThread: { exitCode: 1, signal: null },
  },
  {
    what: 'throws from a timer',
    body: `setTimeout(() => { throw new RangeError('from a timer'); }, 5); await pending();`,
    ...{ exitCode: 1, signal: null, says: /^RangeError: from a timer$/ },
  },
  {
    what: 'throws from an emitter',
    body: `fs.createReadStream('/no/such/photo.jpg'); await pending();`,
    ...{ exitCode: 1, signal: null, says: /ENOENT.*photo\.jpg/ },
  },
  {
    what: 'leaves a rejection to nobody',
    body: `Promise.reject(new RangeError('for nobody')); await pending();`,
    ...{ exitCode: 1, signal: null, says: /^RangeError: for nobody$/ },
  },
  {
    what: 'exits in the middle of a line',
    body: `process.stderr.write('no line end'); process.exit(7);`,
    ...{ exitCode: 7, signal: null, says: /^no line end$/ },
  },
];

for (const death of deaths) {
  const { what, body, execArgv = [], inThread } = death;
  testEach(
    `a function that ${what} fails its own invocation alone, and what waits is run`,
    async (_t, open, isolation) => {
      const { exitCode, signal, says } = isolation === 'thread' ? { ...death, ...inThread } : death;
      const { runtime } = await open({ max: 1, execArgv }, { 'functions/die.js': moduleOf(body) });
      const before = await whoIs(runtime);
      const dying = runtime.invoke('die');
      const queued = Array.from({ length: 4 }, () => runtime.invoke<string>('who'));
      const error = await rejectionOf(dying, WorkerCrashedError);
      assert.deepEqual([error.exitCode, error.signal], [exitCode, signal]);
      assert.equal(error.invocationId, dying.id);
      const how = signal === null ? `exited with code ${exitCode}` : `was killed by ${signal}`;
      assert(error.message.includes(`The worker that ran "die" ${how}.`), error.message);
      const lines = error.stderr.join('\n');
      if (says)
        assert(
          error.stderr.some((line) => says.test(line)),
          lines,
        );
      assert.equal(dying.status, 'crashed');

      const workers = await within('what waited', Promise.all(queued));
      assert.equal(new Set(workers).size, 1);
      assert.notEqual(workers[0], before);
      await untilGone([before]);
      assert.deepEqual(countsOf(runtime, 'die'), { invocations: 1, crashed: 1 });
      assert.deepEqual(countsOf(runtime, 'who'), { invocations: 5, crashed: 0 });
      await within('the drain', runtime.drain());
    },
    isolations.filter((isolation) => isolation === 'process' || inThread !== null),
  );
}

function countsOf(runtime: Runtime, name: string): object {
  const { invocations, crashed } = infoOf(runtime, name).stats;
  return { invocations, crashed };
}

/** What happens right after an invocation has ended in a worker, with nothing running there. */
const aftermaths: [what: string, body: string][] = [
  ['throws from a timer', `setTimeout(() => { throw new RangeError('too late'); }, args);`],
  ['exits with 0', 'setTimeout(() => process.exit(0), args);'],
  ['leaves a rejection to nobody', `setTimeout(() => void Promise.reject(new Error('too late')), args);`],
];

for (const [what, body] of aftermaths) {
  testEach(
    `a function that ${what} after its end keeps its result, and the next task succeeds`,
    async (_t, open) => {
      const { runtime } = await open(
        { max: 1 },
        { 'functions/later.js': moduleOf(`${body} return 'done';`) },
      );
      for (const ms of [0, 5, 20]) {
        const before = await whoIs(runtime);
        assert.equal(await within('its end', runtime.invoke('later', ms)), 'done');
        await until('the news of the death', () => runtime.stats().workers.every(isFresh));
        assert.notEqual(await whoIs(runtime), before);
      }
      assert.equal(infoOf(runtime, 'later').stats.crashed, 0);
    },
  );
}

function isFresh({ state, invocations }: { state: string; invocations: number }): boolean {
  return state === 'ready' && invocations === 0;
}

testEach('the neighbour of a worker that dies goes on', async (_t, open) => {
  const { project, runtime } = await open(
    { min: 2, max: 2 },
    {
      'functions/die.js': moduleOf('process.exit(1);'),
      'functions/wait-for.js': moduleOf('while (!fs.existsSync(args)) await wait(5);'),
    },
  );
  const neighbour = runtime.invoke('wait-for', project.path('enough'));
  await until('it to run', () => neighbour.status === 'running');
  for (let round = 0; round < 3; round++) await rejectionOf(runtime.invoke('die'), WorkerCrashedError);
  assert.equal(neighbour.status, 'running');
  project.write('enough', '');
  await within('its end', neighbour);
});

testEach(
  'three times as many exits at once as there are workers all reject, and then the pool serves',
  async (_t, open) => {
    const running = await open({ min: 2, max: 2 }, { 'functions/die.js': moduleOf('process.exit(args);') });
    const { runtime } = running;
    const codes = [0, 1, 2, 3, 4, 5];
    const errors = await Promise.all(
      codes.map((code) => rejectionOf(runtime.invoke('die', code), WorkerCrashedError)),
    );
    assert.deepEqual(
      errors.map(({ exitCode }) => exitCode),
      codes,
    );
    await meet(running, 2);
    await until('both to be free', () => runtime.stats().workers.every(({ state }) => state === 'ready'));
    assert.equal(runtime.stats().workers.length, 2);
  },
);

testEach('an invocation that was cancelled is not told of the crash that follows', async (_t, open) => {
  const body = `ctx.signal.addEventListener('abort', () => process.exit(1)); await pending();`;
  const { runtime } = await open({ max: 1, killGrace: '60s' }, { 'functions/die.js': moduleOf(body) });
  const dying = runtime.invoke('die');
  await until('it to run', () => dying.status === 'running');
  dying.cancel();
  await assert.rejects(dying, { code: 'CANCELLED' });
  await whoIs(runtime);
  assert.equal(dying.status, 'cancelled');
  assert.deepEqual(countsOf(runtime, 'die'), { invocations: 1, crashed: 0 });
});

import assert from 'node:assert/strict';
import type { Config, CreateRuntimeOptions, Logger } from 'warm-pool';
import { poolText, testEach } from '../conformance/support.ts';
import { keepLines } from '../support/log-lines.ts';
import { infoOf } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { until } from '../support/wait.ts';
import { startProgram } from './support-program.ts';

const files = {
  'functions/describe.js': `
    import { setTimeout } from 'node:timers/promises';
    export default async (ms, ctx) => {
      const { cwd, invocationId, functionName, version, attempt, signal } = ctx;
      const before = ctx.remainingTime();
      if (ms) await setTimeout(ms);
      return {
        ...{ cwd, invocationId, functionName, version, attempt, before, after: ctx.remainingTime() },
        signal: [signal instanceof AbortSignal, signal.aborted],
      };
    };
    export const config = { timeout: '20 s' };`,
  'functions/log.js': `
    export default (args, { log }) => {
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) log[level]({ photo: 1 }, level);
      log.info('a message alone');
      log.info({ fields: ['alone'], at: new Date(0) });
      log.error(new RangeError('no such photo'));
    };`,
  'functions/print.js': `
    export default (lines) => {
      for (let line = 1; line <= lines; line++) {
        console.log('out', line);
        console.error('err', line);
      }
      process.stdout.write('no line end');
    };`,
};

interface Description {
  readonly cwd: string;
  readonly invocationId: string;
  readonly functionName: string;
  readonly version: string;
  readonly attempt: number;
  readonly before: number;
  readonly after: number;
  readonly signal: readonly boolean[];
}

testEach('the context tells the function what it is run for', async (_t, open) => {
  const { runtime } = await open({}, files);
  const invocation = runtime.invoke<Description>('describe');
  const { before, after, ...rest } = await invocation;
  assert.deepEqual(rest, {
    cwd: process.cwd(),
    invocationId: invocation.id,
    functionName: 'describe',
    version: infoOf(runtime, 'describe').version,
    attempt: 1,
    signal: [true, false],
  });
});

testEach('the folder of the caller is the one it gives', async (_t, open) => {
  const { runtime } = await open({}, files);
  const { cwd } = await runtime.invoke<Description>('describe', 0, { cwd: '/photos' });
  assert.equal(cwd, '/photos');
});

testEach('the remaining time goes down from the timeout, and is Infinity without one', async (_t, open) => {
  const { runtime } = await open({}, files);
  const { before, after } = await runtime.invoke<Description>('describe', 50);
  assert(before > 10_000 && before <= 20_000, `${before} ms of 20 s`);
  assert(before - after >= 49, `from ${before} ms to ${after} ms in 50 ms`);
  const longer = await runtime.invoke<Description>('describe', 0, { timeout: '10 min' });
  assert(longer.before > 500_000 && longer.before <= 600_000, `${longer.before} ms of 10 min`);
  const unlimited = await runtime.invoke<Description>('describe', 0, { timeout: Infinity });
  assert.equal(unlimited.before, Infinity);
});

const levelCases: [Pick<CreateRuntimeOptions, 'logLevel'> & { config?: Config }, string[]][] = [
  [{}, ['info', 'warn', 'error', 'fatal']],
  [{ logLevel: 'trace' }, ['trace', 'debug', 'info', 'warn', 'error', 'fatal']],
  [{ config: { log: { level: 'error' } } }, ['error', 'fatal']],
  [{ config: { log: { level: 'error' } }, logLevel: 'warn' }, ['warn', 'error', 'fatal']],
  [{ logLevel: 'silent' }, []],
];

for (const [options, levels] of levelCases) {
  testEach(
    `ctx.log writes ${levels.join(', ') || 'nothing'} with ${JSON.stringify(options)}`,
    async (_t, open, isolation) => {
      const { logger, lines } = keepLines();
      const { runtime } = await open({}, files, {
        ...options,
        config: { pool: { isolation }, ...options.config },
        logger,
      });
      await runtime.invoke('log');
      const own = lines.filter(({ fields }) => fields.photo === 1);
      assert.deepEqual(
        own.map(({ level }) => level),
        levels,
      );
      assert.deepEqual(
        own.map(({ message }) => message),
        levels,
      );
    },
  );
}

testEach(
  'a line of ctx.log names the function, the invocation and the worker, before the result',
  async (_t, open) => {
    const { logger, lines } = keepLines();
    const { runtime } = await open({}, files, { logger });
    const invocation = runtime.invoke('log');
    await invocation;
    const bound = { function: 'log', invocation: invocation.id, worker: invocation.report?.worker };
    assert.deepEqual(
      lines.find(({ level }) => level === 'warn'),
      { level: 'warn', message: 'warn', fields: { ...bound, photo: 1 } },
    );
    const alone = lines.find(({ message }) => message === 'a message alone');
    assert.deepEqual(alone?.fields, bound);
    const fields = lines.find((line) => 'at' in line.fields);
    assert.deepEqual(fields, {
      level: 'info',
      message: undefined,
      fields: { ...bound, fields: ['alone'], at: new Date(0) },
    });
    const error = lines.find(({ message }) => message === 'no such photo');
    assert(error?.fields.err instanceof RangeError);
  },
);

testEach(
  'an embedded runtime prints nothing, whatever its functions print and log',
  async (t, _open, isolation) => {
    const project = makeProject(t, files);
    const program = startProgram(
      t,
      project,
      `
    import { createRuntime } from 'warm-pool';
    const runtime = await createRuntime({ config: { pool: ${poolText(isolation, {})} } });
    await runtime.invoke('print', 3);
    await runtime.invoke('log');
    await runtime.close();`,
    );
    assert.deepEqual(await program.ended, { code: 0, signal: null, stdout: '', stderr: '' });
  },
);

testEach('what a function logs after its end is told of its own invocation', async (_t, open) => {
  const { logger, lines } = keepLines();
  const { runtime } = await open(
    { max: 1 },
    {
      'functions/late.js': `
        let log;
        export default (args, ctx) => {
          if (args === 'keep') ({ log } = ctx);
          else log.info('late');
        };`,
    },
    { logger },
  );
  const first = runtime.invoke('late', 'keep');
  await first;
  await runtime.invoke('late', 'speak');
  const late = lines.filter(({ message }) => message === 'late');
  assert.deepEqual(
    late.map(({ fields }) => fields.invocation),
    [first.id],
  );
});

testEach('a logger that throws changes nothing for an invocation', async (t, open) => {
  const { logger } = keepLines();
  const warnings: string[] = [];
  const onWarning = (warning: Error) => warnings.push(warning.message);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const failing: Logger = {
    ...logger,
    info: () => {
      throw new Error('the disk is full');
    },
  };
  const { runtime } = await open({ max: 1 }, files, { logger: failing });
  const pids = [await runtime.invoke('log'), await runtime.invoke('log')];
  assert.equal(pids.length, 2);
  assert.equal(runtime.stats().workers[0]?.invocations, 2);
  await until('the warning', () => warnings.some((text) => text.includes('the disk is full')));
});

testEach('a write that is longer as text than in bytes holds up no result', async (_t, open) => {
  const { runtime } = await open(
    { max: 1 },
    {
      'functions/print.js': `
        export default () => { process.stdout.write('aGVs\\n\\n\\n\\nbG8K', 'base64'); return 'printed'; };`,
    },
  );
  let shortest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const begun = performance.now();
    assert.equal(await runtime.invoke('print'), 'printed');
    shortest = Math.min(shortest, performance.now() - begun);
  }
  // Waiting for bytes that never come takes a second, each time.
  assert(shortest < 900, `${shortest} ms`);
});

testEach(
  'functions see the environment of the user and nothing that was added for their worker',
  async (_t, open) => {
    const { runtime } = await open(
      {},
      {
        'functions/environment.js': `
      import { execFileSync } from 'node:child_process';
      const own = 'process.stdout.write(JSON.stringify(process.env))';
      export default () => [{ ...process.env }, JSON.parse(execFileSync(process.execPath, ['-e', own], { encoding: 'utf8' }))];`,
      },
    );
    for (const environment of await runtime.invoke<NodeJS.ProcessEnv[]>('environment')) {
      assert.deepEqual({ ...environment }, { ...process.env });
    }
  },
);

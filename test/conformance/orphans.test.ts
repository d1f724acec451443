import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { WorkerStats } from 'warm-pool';
import { type Program, startProgram } from '../runtime/support-program.ts';
import { makeProject } from '../support/project.ts';
import { isAlive, until } from '../support/wait.ts';
import { type Isolation, poolText, tellAndSpin, testEach } from './support.ts';

const files = {
  'functions/pid.js': 'export default () => process.pid;',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default async (ms, { progress }) => {
      progress('begun');
      await setTimeout(ms);
    };`,
  'functions/spin.js': tellAndSpin,
  'functions/stubborn.js': `
    import fs from 'node:fs';
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE']) process.on(signal, () => {});
    process.on('exit', () => { for (;;); });
    process.on('uncaughtException', () => {});
    export default (args, { progress }) => {
      progress('begun');
      return new Promise(() => setInterval(() => console.log('still here'), 1));
    };`,
};

/** What the workers of the program are at when it dies. */
const busy: [what: string, name: string | undefined][] = [
  ['idle', undefined],
  ['in the middle of something asynchronous', 'wait'],
  ['in an endless loop', 'spin'],
  ['not willing to end', 'stubborn'],
];

const ready = (isolation: Isolation, name: string | undefined) => `
  import { createRuntime } from 'warm-pool';
  const runtime = await createRuntime({ config: { pool: ${poolText(isolation, { min: 2, max: 2 })} } });
  const invocations = ${JSON.stringify(name === undefined ? [] : [name, name])}.map((each) => runtime.invoke(each, 600_000));
  for (const invocation of invocations) invocation.catch(() => {});
  for (const { progress } of invocations) for await (const value of progress) break;
  console.log(JSON.stringify(runtime.stats().workers));`;

/**
 * They are to be gone within 2 s. That is told in looks, which come every 13 to 25 ms: on a machine that is busy with
 * something else they take longer, as the end of the workers does. Measured, it takes up to 20.
 */
const mostLooks = 100;

async function assertNothingIsLeft(t: TestContext, program: Program): Promise<void> {
  const workers = await program.line<WorkerStats[]>(0);
  assert.equal(workers.length, 2);
  const pids = workers.map((worker) => worker.pid ?? program.pid);
  t.after(() => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone, as it should be.
      }
    }
  });
  await program.ended;
  const since = performance.now();
  let looks = 0;
  await until('the end of all workers', async () => {
    looks++;
    return !(await Promise.all(pids.map(isAlive))).includes(true);
  });
  t.diagnostic(`gone ${Math.round(performance.now() - since)} ms after the program, in ${looks} looks`);
  assert(looks <= mostLooks, `it took ${looks} looks`);
}

for (const [what, name] of busy) {
  testEach(`a program that is killed leaves no worker that is ${what}`, async (t, _open, isolation) => {
    const program = startProgram(
      t,
      makeProject(t, files),
      `${ready(isolation, name)} setInterval(() => {}, 1000);`,
    );
    const workers = await program.line<WorkerStats[]>(0);
    for (const { pid } of workers) assert(await isAlive(pid ?? program.pid));
    program.kill('SIGKILL');
    await assertNothingIsLeft(t, program);
    assert.equal((await program.ended).signal, 'SIGKILL');
  });
}

const endings: [what: string, end: string, code: number | null][] = [
  ['throws', `setTimeout(() => { throw new RangeError('no such photo'); });`, 1],
  ['leaves a rejection to nobody', `Promise.reject(new RangeError('no such photo'));`, 1],
  ['exits', 'process.exit(5);', 5],
  ['aborts', 'process.abort();', null],
  ['is terminated', `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);`, null],
];

for (const [what, end, code] of endings) {
  testEach(
    `a program that ${what} leaves no worker, not even one in an endless loop`,
    async (t, _open, isolation) => {
      const program = startProgram(t, makeProject(t, files), `${ready(isolation, 'spin')} ${end}`);
      await assertNothingIsLeft(t, program);
      const ended = await program.ended;
      assert.equal(ended.code, code);
      if (code === 1) assert.match(ended.stderr, /RangeError: no such photo/);
    },
  );
}

testEach('a program that is killed while its workers start leaves none', async (t, _open, isolation) => {
  const project = makeProject(t, { ...files, 'functions/late.js': 'for (;;);' });
  const program = startProgram(
    t,
    project,
    `
    import { createRuntime } from 'warm-pool';
    const ignore = () => {};
    const logger = { trace: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore, child: () => logger };
    const workers = [];
    logger.debug = ({ workerPid }, message) => {
      if (!message.endsWith('starts')) return;
      workers.push({ pid: workerPid });
      if (workers.length === 2) console.log(JSON.stringify(workers));
    };
    await createRuntime({ logger, logLevel: 'debug', config: { pool: ${poolText(isolation, { min: 2, max: 2 })} } });`,
  );
  await program.line(0);
  program.kill('SIGKILL');
  await assertNothingIsLeft(t, program);
});

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type ScheduleOptions, schedule } from 'warm-pool';
import { makePoolProject, runPool, startService } from '../support/cli.ts';
import { LogLines } from '../support/log-lines.ts';
import { runProject } from '../support/open-runtime.ts';
import { makeProject, type Project } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';
import { until, within } from '../support/wait.ts';

const note = `
  import fs from 'node:fs';
  export default async ({ scheduledAt, isMissed }, ctx) => {
    const run = { at: scheduledAt.getTime(), isMissed, attempt: ctx.attempt };
    fs.appendFileSync(ctx.cwd + '/runs', JSON.stringify(run) + '\\n');
    while (fs.existsSync(ctx.cwd + '/hold')) await new Promise((resolve) => setTimeout(resolve, 20));
    if (fs.existsSync(ctx.cwd + '/fail')) throw new Error('no luck');
  };
  export const config = { retry: { attempts: 2, backoff: 1 } };`;

interface NotedRun {
  readonly at: number;
  readonly isMissed: boolean;
  readonly attempt: number;
}

function runsOf(project: Project): NotedRun[] {
  if (!project.has('runs')) return [];
  const lines = fs.readFileSync(project.path('runs'), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as NotedRun);
}

/** A started runtime with a schedule of every second. */
async function everySecond(t: TestContext, options: Partial<ScheduleOptions>, files = {}) {
  const log = new LogLines();
  const trigger = schedule({ cron: '* * * * * *', invoke: 'note', args: (run) => run, ...options });
  const running = await runProject(
    t,
    { 'functions/note.js': note, ...files },
    { config: { triggers: [trigger] }, logger: log.logger },
  );
  await within('the start', running.runtime.start());
  return { ...running, log };
}

test('a function is run every second, and the runtime says what became of it', async (t) => {
  const since = Date.now() - 1000;
  const { project, runtime } = await everySecond(t, {});
  await until('three runs', () => runsOf(project).length >= 3);
  const runs = runsOf(project);
  for (const [index, { at, isMissed }] of runs.entries()) {
    assert.equal(at % 1000, 0);
    assert(at > (runs[index - 1]?.at ?? since), `${at} is not after the one before it`);
    assert(at <= Date.now());
    assert.equal(isMissed, false);
  }
  await until('they are counted', () => (runtime.triggers()[0]?.counts.done ?? 0) >= 3);
  const [{ kind, id, nextAt } = assert.fail()] = runtime.triggers();
  assert.deepEqual([kind, id], ['schedule', '* * * * * *:note']);
  assert(nextAt !== undefined && Math.abs(Date.parse(nextAt) - Date.now()) < 60_000, nextAt);
  await within('the close', runtime.close());
  assert.equal(runtime.triggers()[0]?.nextAt, undefined);
});

test('with `attempts` the function has no others, without it has its own', async (t) => {
  const own = await everySecond(t, {}, { fail: '' });
  await own.log.line(/^error .*no luck/);
  assert.deepEqual(
    runsOf(own.project)
      .slice(0, 2)
      .map(({ attempt }) => attempt),
    [1, 2],
  );
  await own.runtime.close();
  const given = await everySecond(t, { attempts: 1 }, { fail: '' });
  await given.log.line(/^error .*no luck/);
  await given.runtime.close();
  assert.deepEqual(new Set(runsOf(given.project).map(({ attempt }) => attempt)), new Set([1]));
});

test('what was cut off by a kill of the runtime, and what was missed, one run makes up for', async (t) => {
  const project = makePoolProject(t, {
    'functions/note.js': note,
    hold: '',
    'pool.config.ts': `
      import { defineConfig, schedule } from 'warm-pool';
      export default defineConfig({
        triggers: [schedule({ cron: '* * * * * *', invoke: 'note', args: (run) => run, missed: 'once', id: 'noting' })],
      });`,
  });
  const killed = await startService(t, project);
  await until('it runs', () => runsOf(project).length === 1);
  killed.interrupt('SIGKILL');
  await killed.ended;
  const [cutOff] = runsOf(project);
  await until('the next second', () => Date.now() > (cutOff?.at ?? 0) + 2000);

  const service = await startService(t, project);
  await service.says(/note of [^"]+ had not ended when the runtime did: made up for/);
  await service.says(/missed[^"]*: one run of note makes up for that/);
  await until('it runs again', () => runsOf(project).length === 2);
  const made = runsOf(project)[1];
  assert(made?.isMissed);
  assert(made.at > (cutOff?.at ?? Infinity), 'it is for the last of the times');

  const { stdout } = await runPool(t, project, ['status']);
  assert.match(stdout, /^trigger +schedule noting → note: 1 running, next in \d.*$/m);
  project.remove('hold');
  await until('the next ones', () => runsOf(project).length >= 4);
  assert.equal(runsOf(project)[3]?.isMissed, false);
  service.interrupt();
  assert.equal((await service.ended).code, 0);
});

test('a runtime with a schedule is closed at once, and lets the program end', async (t) => {
  const project = makeProject(t, { 'functions/note.js': note });
  const timers = await runProgram(
    project,
    `import { createRuntime, schedule } from 'warm-pool';
     const triggers = ['0 0 1 1 *', '* * * * * *'].map((cron) => schedule({ cron, invoke: 'note', args: (run) => run }));
     const runtime = await createRuntime({ config: { triggers } });
     await runtime.start();
     await runtime.close();
     const resources = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout');
     console.log(JSON.stringify(resources));`,
  );
  assert.deepEqual(timers, []);
});

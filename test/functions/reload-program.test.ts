import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntime } from 'warm-pool';
import { LogLines } from '../support/log-lines.ts';
import { openRuntime } from '../support/open-runtime.ts';
import { makeProject } from '../support/project.ts';
import { runProgram } from '../support/run-program.ts';
import { isAlive, until, within } from '../support/wait.ts';

const returning = (value: unknown) => `export default () => ${JSON.stringify(value)};`;

for (const [what, body] of [
  ['that has done nothing', ''],
  ['after an invocation', "await runtime.invoke('greet');"],
  [
    'after a reload',
    `fs.writeFileSync(new URL('functions/greet.js', import.meta.url), ${JSON.stringify(returning(2))});
    while ((await runtime.invoke('greet')) !== 2) await setTimeout(10);`,
  ],
  [
    'right after a change',
    `fs.writeFileSync(new URL('functions/greet.js', import.meta.url), ${JSON.stringify(returning(2))});`,
  ],
] as const) {
  test(`a runtime that follows its folder lets the program end, ${what}`, async (t) => {
    const project = makeProject(t, { 'functions/greet.js': returning(1) });
    const program = `
      import fs from 'node:fs';
      import { setTimeout } from 'node:timers/promises';
      import { createRuntime } from 'warm-pool';
      const runtime = await createRuntime();
      ${body}
      console.log(JSON.stringify(runtime.stats().workers.map(({ pid }) => pid)));`;
    const pids = (await runProgram(project, program)) as number[];
    assert(pids.length > 0);
    for (const pid of pids) await until(`worker ${pid} to end`, async () => !(await isAlive(pid)));
  });
}

test('what was reloaded and what failed is in the log', async (t) => {
  const log = new LogLines();
  const files = { 'functions/greet.ts': returning(1), 'functions/images/crop.js': returning(1) };
  const project = makeProject(t, files);
  await openRuntime(t, { cwd: project.root, hotReload: true, logger: log.logger });

  project.write('functions/greet.ts', returning(2));
  await log.line(/^info functions reloaded: changed greet$/);
  project.write('functions/images/flip.ts', returning(1));
  await log.line(/^info functions reloaded: added images\/flip$/);
  project.remove('functions/images/crop.js');
  await log.line(/^info functions reloaded: removed images\/crop$/);
  project.write('functions/greet.ts', 'export const nothing = 1;');
  await log.line(/^error function greet can't be loaded: expected .*greet\.ts to export a function/);
});

test('a runtime that is closed in the middle of a reload closes, and leaves no process', async (t) => {
  const project = makeProject(t, { 'functions/greet.ts': returning(0) });
  for (let round = 1; round <= 5; round++) {
    const runtime = await createRuntime({ cwd: project.root });
    t.after(() => runtime.close({ timeout: 0 }));
    const pids = new Set<number>();
    project.write('functions/greet.ts', returning(round));
    // Closed when the workers of the new code are there: in the first rounds before they are, too.
    await until('the reload to begin', () => {
      for (const { pid } of runtime.stats().workers) if (pid) pids.add(pid);
      return pids.size >= Math.min(round, 2);
    });
    await within('the runtime to close', runtime.close());
    for (const { pid } of runtime.stats().workers) if (pid) pids.add(pid);
    for (const pid of pids) await until(`worker ${pid} to end`, async () => !(await isAlive(pid)));
  }
});

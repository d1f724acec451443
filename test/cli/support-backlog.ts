import assert from 'node:assert/strict';
import { renameSync, utimesSync } from 'node:fs';
import { makePoolProject } from '../support/cli.ts';
import type { Cleanup, Project } from '../support/project.ts';
import { openTerminal, type Terminal } from '../support/terminal.ts';
import { deadlineMs } from '../support/wait.ts';

/** Sixty files take 5 s where nothing else runs. */
export const patienceMs = 4 * deadlineMs;

const lastYear = new Date(Date.now() - 365 * 86_400_000);

/** A project that watches its inbox, in which such files lie. Those that are `held` wait for a file `go` of the project. */
export function makeInbox(test: Cleanup, files: readonly string[], settings = ''): Project {
  const project = makePoolProject(test, {
    'functions/work.js': `
      import fs from 'node:fs';
      import { setTimeout } from 'node:timers/promises';
      export default async ({ file }, { cwd }) => {
        await setTimeout(file.startsWith('slow') ? 400 : 150);
        for (let waited = 0; file.startsWith('held') && !fs.existsSync(cwd + '/go'); waited += 50) {
          await setTimeout(50);
          if (waited === 3_500) console.log('waits for long, said ' + file);
        }
        if (file.startsWith('bad')) throw new Error(file + ' is no number');
        if (file.startsWith('loud')) console.log('loud, said ' + file);
      };`,
    'pool.config.mjs': `
      import { defineConfig, watch } from 'warm-pool';
      export default defineConfig({
        pool: { max: 2 },
        triggers: [watch({ path: 'inbox', invoke: 'work', attempts: 1, args: ({ name }) => ({ file: name }) })],
        ${settings}
      });`,
  });
  for (const file of files) drop(project, file);
  return project;
}

/** Long ago, so that a failure is not taken for that of a file that is not complete. */
export function drop(project: Project, file: string): void {
  const hidden = `inbox/.${file}`;
  project.write(hidden, file);
  utimesSync(project.path(hidden), lastYear, lastYear);
  renameSync(project.path(hidden), project.path('inbox', file));
}

export const named = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => `${name}${index}`);

export const openService = (test: Cleanup, project: Project, args: readonly string[] = []) =>
  openTerminal(test, project, ['start', ...args], { columns: 200 });

export async function stop(terminal: Terminal): Promise<void> {
  terminal.type('\x03');
  assert.equal(await terminal.ended, 0);
}

/** The lines of the log about files that are done. */
export const linesOfFiles = ({ screen }: Terminal) =>
  screen.lines.filter((line) => / INFO: work \S+: done in \d+ ms$/.test(line));

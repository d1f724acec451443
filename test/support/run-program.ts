import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { Project } from './project.ts';
import { within } from './wait.ts';

/**
 * Runs an ES module as a program of the project and returns the value that it prints as JSON. It runs in Node alone, as
 * a user's does: the tests run under tsx, which loads any TypeScript, also where the runtime would fail to.
 */
export async function runProgram(
  project: Project,
  source: string,
  {
    cwd = project.root,
    limit,
  }: {
    cwd?: string;
    /** A limit as `ulimit` takes it: `-n 40` for 40 open files. */
    limit?: string;
  } = {},
): Promise<unknown> {
  project.write('program.mjs', source);
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env;
  const command = [process.execPath, project.path('program.mjs')] as const;
  const [file, ...args] =
    limit === undefined ? command : ['sh', '-c', `ulimit ${limit}; exec "$0" "$@"`, ...command];
  const child = spawn(file, args, { cwd, env });
  child.stdin.end();
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      written[stream] += chunk;
    });
  }
  try {
    const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
    assert.equal(await within('the end of the program', ended), 0, written.stderr);
    return JSON.parse(written.stdout);
  } finally {
    child.kill('SIGKILL');
  }
}

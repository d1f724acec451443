import { spawn } from 'node:child_process';
import type { Cleanup, Project } from '../support/project.ts';
import { until } from '../support/wait.ts';

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A user's program that is under way. */
export interface Program {
  readonly pid: number;
  /** Fails at the deadline. */
  readonly ended: Promise<ProgramEnd>;
  /** The value of a line that it prints as JSON, by its number from 0; fails when it ends without it, or after `ms`. */
  line<Value>(number: number, ms?: number): Promise<Value>;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Starts an ES module as a program of the project, in Node alone as a user does: the tests run under tsx. What is left
 * of it is killed when the test ends.
 */
export function startProgram(test: Cleanup, project: Project, source: string): Program {
  project.write('program.mjs', source);
  const { NODE_OPTIONS, NODE_TEST_CONTEXT, ...env } = process.env;
  const child = spawn(process.execPath, [project.path('program.mjs')], {
    cwd: project.root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      written[stream] += chunk;
    });
  }
  let end: ProgramEnd | undefined;
  child.once('close', (code, signal) => {
    end = { code, signal, ...written };
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await until('the end of the program, which was killed', () => end);
  };
  test.after(kill);
  project.beforeRemoval(kill);
  return {
    pid: child.pid as number,
    get ended() {
      return until('the end of the program', () => end);
    },
    async line<Value>(number: number, ms?: number) {
      const printed = () => {
        const lines = written.stdout.split('\n').slice(0, -1);
        if (end && number >= lines.length) {
          throw new Error(`the program ended without line ${number}: ${JSON.stringify(end)}`);
        }
        return lines[number];
      };
      const line = await until(`line ${number} of the program`, printed, ms);
      return JSON.parse(line) as Value;
    },
    kill: (signal) => void child.kill(signal),
  };
}

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { cleanEnvironment, countGroup, killGroup } from './cli.ts';
import { filesIn } from './files-in.ts';
import { type Cleanup, repository } from './project.ts';
import { until, within } from './wait.ts';

/** How a command of the examples ended. */
export interface ExampleEnded {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of the examples that is under way. */
export interface RunningExample {
  readonly ended: Promise<ExampleEnded>;
  /** Resolves with the first match on stdout; fails when it ends without. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** As a terminal does it: all of its processes get SIGINT. */
  interrupt(): void;
  /** Resolves when no process that it started is left; fails when it has left a file in the examples. */
  untilNothingIsLeft(): Promise<void>;
}

export const examplesReadme = fs.readFileSync(path.join(repository, 'examples', 'README.md'), 'utf8');

/** The commands that the README of the examples shows. */
export const exampleCommands = [...examplesReadme.matchAll(/^```sh\n(.*?)^```$/gms)]
  .flatMap(([, block]) => (block as string).split('\n'))
  .filter((line) => line.startsWith('npx '));

/** Starts a command as the README of the examples has it, but for what `change` does to it, in a shell in the repository. */
export function startExample(
  test: Cleanup,
  program: string,
  change: (command: string) => string = (command) => command,
): RunningExample {
  const found = exampleCommands.find((command) => command.split(' ')[2] === `examples/${program}`);
  if (found === undefined) throw new Error(`the README of the examples has no command for ${program}`);
  const command = change(found);
  const before = exampleFiles();
  const child = spawn('sh', ['-c', command], {
    cwd: repository,
    // npm has warnings of its own about the settings of a machine.
    env: { ...cleanEnvironment(), npm_config_loglevel: 'error', PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('`sh` could not be started');
  test.after(() => killGroup(pid, 'SIGKILL'));
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      written[stream] += chunk;
    });
  }
  let hasEnded = false;
  const ended = new Promise<ExampleEnded>((resolve) => {
    child.once('close', (code) => {
      hasEnded = true;
      resolve({ code, ...written });
    });
  });
  return {
    get ended() {
      return within(`the end of \`${command}\``, ended, longestMs);
    },
    says: (pattern) =>
      until(
        `${pattern} from \`${command}\``,
        () => {
          const match = pattern.exec(written.stdout);
          if (!match && hasEnded) throw new Error(`it ended without ${pattern}:\n${written.stderr}`);
          return match;
        },
        longestMs,
      ),
    interrupt: () => killGroup(pid, 'SIGINT'),
    async untilNothingIsLeft() {
      await until(`the end of all processes of \`${command}\``, () => countGroup(pid) === 0);
      const left = exampleFiles().filter((file) => !before.includes(file));
      if (left.length > 0) throw new Error(`\`${command}\` left ${left.join(', ')}`);
    },
  };
}

/** Some of them compute for seconds, which become many on a machine that has other work. */
const longestMs = 300_000;

/** Apart from what functions in TypeScript are compiled to, which is kept. */
function exampleFiles(): string[] {
  return filesIn(path.join(repository, 'examples')).filter((file) => !file.split(path.sep).includes('.pool'));
}

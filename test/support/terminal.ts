import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { poolCommand } from './cli.ts';
import type { Cleanup, Project } from './project.ts';
import { Screen } from './screen.ts';
import { deadlineMs, until, within } from './wait.ts';

// `script` of util-linux runs a command on a terminal of its own; the one of macOS takes other arguments.
const hasTerminal =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

/** For node:test's `skip`: whether there are no terminals to test with. */
export const skippedWithoutTerminal = hasTerminal ? false : 'needs `script` of util-linux';

interface TerminalOptions {
  readonly columns?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** What stands before the command on the line of the shell: `seq 9 |`. */
  readonly before?: string;
  /** What stands after it: `> results`. */
  readonly after?: string;
}

/** A run of `pool` on a terminal of its own. */
export interface Terminal {
  readonly screen: Screen;
  /** All that was written to the terminal so far. */
  readonly written: string;
  /** Resolves when a line like this is there, or was. */
  shows(pattern: RegExp): Promise<void>;
  /** As somebody types it: `\x03` is Ctrl-C. */
  type(keys: string): void;
  resize(columns: number): void;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

const height = 24;

/** Runs `pool` on a terminal of its own, which is closed when the test ends. */
export function openTerminal(
  test: Cleanup,
  project: Project,
  args: readonly string[],
  { columns = 120, env = {}, before = '', after = '' }: TerminalOptions = {},
): Terminal {
  const command = [process.execPath, poolCommand, ...args].map((each) => `'${each}'`).join(' ');
  // Node takes colours away for each of these.
  const { NO_COLOR, NODE_DISABLE_COLORS, FORCE_COLOR, CI, TEAMCITY_VERSION, ...inherited } = process.env;
  // Ctrl-C goes to the shell as well: of one that does not handle it some kinds end, and hide how `pool` ended.
  const setUp = `trap : INT; tty > .tty; echo $$ > .session; stty cols ${columns} rows ${height}`;
  const child = spawn('script', ['-qec', `${setUp}; ${before} ${command} ${after}`, '/dev/null'], {
    cwd: project.root,
    env: { ...inherited, TERM: 'xterm-256color', ...env },
    // What comes to an end is typed as Ctrl-D: a pipe stays open.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const screen = new Screen(columns, height);
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    written += chunk;
    screen.write(chunk);
  });
  child.stdin.on('error', () => {}); // it has ended
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const kill = async () => {
    child.kill('SIGKILL');
    killSession(project);
    await within(`the end of \`pool ${args.join(' ')}\`, which was killed`, ended);
  };
  test.after(kill);
  project.beforeRemoval(kill);
  const isOrWasThere = (pattern: RegExp) =>
    [...screen.erased, ...screen.lines].some((line) => pattern.test(line));
  return {
    screen,
    get written() {
      return written;
    },
    async shows(pattern) {
      let hasEnded = false;
      void ended.then(() => {
        hasEnded = true;
      });
      await until(
        `${pattern} on the terminal of \`pool ${args.join(' ')}\``,
        () => {
          if (isOrWasThere(pattern)) return true;
          if (hasEnded) throw new Error(`it ended without ${pattern}:\n${screen.lines.join('\n')}`);
          return false;
        },
        patienceMs,
      );
    },
    type: (keys) => void child.stdin.write(keys),
    resize(wanted) {
      screen.resize(wanted);
      const tty = readFileSync(project.path('.tty'), 'utf8').trim();
      const stty = spawnSync('stty', ['-F', tty, 'cols', String(wanted)], { encoding: 'utf8' });
      if (stty.status !== 0) throw new Error(`stty failed: ${stty.stderr}`);
    },
    get ended() {
      return within(`the end of \`pool ${args.join(' ')}\` on a terminal`, ended, patienceMs);
    },
  };
}

/** What has not ended with its terminal: a program that is only starting notices nothing. */
function killSession(project: Project): void {
  try {
    process.kill(-Number(readFileSync(project.path('.session'), 'utf8')), 'SIGKILL');
  } catch {
    // It has ended.
  }
}

// From one process to the next, a dozen of them start before the first line is there.
const patienceMs = 4 * deadlineMs;

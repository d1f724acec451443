import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { type Cleanup, makeProject, type Project, repository } from './project.ts';
import { until, within } from './wait.ts';

/** The `pool` command as it was built. */
export const poolCommand = path.join(repository, 'dist', 'cli', 'main.js');

/** How a run of `pool` ended. */
export interface Ended {
  /** The exit code as a shell tells it: 128 and the number of the signal, where one ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as it was written. */
  readonly bytes: Buffer;
}

/** A run of `pool` that is under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has written to stderr so far. */
  stderr(): string;
  /** Resolves when stderr has this; fails when the run ends without it. */
  says(pattern: RegExp): Promise<void>;
  /** As a terminal does it: the whole process group gets the signal. */
  interrupt(signal?: NodeJS.Signals): void;
  /** Resolves when no process that it started is left. */
  untilNothingIsLeft(): Promise<void>;
}

interface RunOptions {
  /** What it reads on stdin; without it stdin is empty. */
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A command that runs the one that follows it. */
  readonly within?: readonly string[];
}

/** Starts `pool` in a project, in a process group of its own that is killed when the test ends, or its project. */
export function startPool(
  test: Cleanup,
  project: Project,
  args: readonly string[],
  options: RunOptions = {},
): Running {
  const command = [...(options.within ?? []), process.execPath, poolCommand, ...args];
  const child = spawn(command[0] as string, command.slice(1), {
    cwd: options.cwd ?? project.root,
    env: { ...cleanEnvironment(), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('`pool` could not be started');
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A command that doesn't read its stdin may be gone before it is written.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input);

  const stderrText = () => Buffer.concat(stderr).toString('utf8');
  let hasEnded = false;
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      hasEnded = true;
      const bytes = Buffer.concat(stdout);
      resolve({
        code: signal ? 128 + os.constants.signals[signal] : code,
        bytes,
        stdout: bytes.toString('utf8'),
        stderr: stderrText(),
      });
    });
  });
  const kill = async () => {
    killGroup(pid, 'SIGKILL');
    await within(`the end of \`pool ${args.join(' ')}\`, which was killed`, ended);
  };
  test.after(kill);
  project.beforeRemoval(kill);
  return {
    child,
    pid,
    // The time counts from when somebody waits: a service runs for as long as its test needs it.
    get ended() {
      return within(`the end of \`pool ${args.join(' ')}\``, ended);
    },
    stderr: stderrText,
    async says(pattern) {
      await until(`${pattern} on stderr of \`pool ${args.join(' ')}\``, () => {
        if (pattern.test(stderrText())) return true;
        if (hasEnded)
          throw new Error(`\`pool ${args.join(' ')}\` ended without ${pattern}:\n${stderrText()}`);
        return false;
      });
    },
    interrupt: (signal = 'SIGINT') => killGroup(pid, signal),
    async untilNothingIsLeft() {
      await until(`the end of all processes of \`pool ${args.join(' ')}\``, () => countGroup(pid) === 0);
    },
  };
}

/** Runs `pool` in a project to its end. */
export function runPool(
  test: Cleanup,
  project: Project,
  args: readonly string[],
  options?: RunOptions,
): Promise<Ended> {
  return startPool(test, project, args, options).ended;
}

/** Starts `pool start` and waits until it serves. */
export async function startService(
  test: Cleanup,
  project: Project,
  args: readonly string[] = [],
  options?: RunOptions,
): Promise<Running> {
  const service = startPool(test, project, ['start', ...args], options);
  await service.says(/"ready: /);
  return service;
}

/** Without what the run of the tests itself has in its environment, which changes how a command behaves. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    if (
      name.startsWith('npm_') ||
      name === 'NODE_OPTIONS' ||
      name === 'NODE_TEST_CONTEXT' ||
      name === 'FORCE_COLOR'
    )
      delete env[name];
  }
  return env;
}

export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** How many processes of a group are there; those that have ended and are only waited for don't count. */
export function countGroup(group: number): number {
  const list = spawnSync('ps', ['-A', '-o', 'pgid=,stat='], { encoding: 'utf8' });
  if (list.status !== 0) throw new Error(`ps failed: ${list.error?.message ?? list.stderr}`);
  const rows = list.stdout.split('\n').map((row) => row.trim().split(/\s+/));
  return rows.filter(([pgid, state]) => Number(pgid) === group && !state?.startsWith('Z')).length;
}

/** Arguments of `waits` with which it waits for `endWaiting`, however long the test takes until then. */
export const waitsForFile = '{"file":"go"}';

export const endWaiting = (project: Project) => project.write('go', '');

/**
 * A project with a function for each way in which an invocation can end. All is JavaScript: with TypeScript each command
 * takes twice the processor time, and hundreds of them run in the tests. The tests of what is compiled have their own.
 */
export function makePoolProject(test: Cleanup, files: Record<string, string | Uint8Array> = {}): Project {
  const hasOwn = Object.keys(files).some((file) => file.startsWith('pool.config.'));
  return makeProject(test, {
    ...functions,
    ...(hasOwn ? {} : { 'pool.config.mjs': configuration }),
    ...files,
  });
}

const configuration = `
import { defineConfig } from 'warm-pool';
export default defineConfig({ pool: { max: 2, killGrace: '200ms' } });
`;

const functions = {
  'functions/echo.js': `
    import { defineFunction } from 'warm-pool';
    export default defineFunction({
      description: 'Returns what it is given',
      handler: (input, ctx) => ({ input, cwd: ctx.cwd }),
    });
  `,
  'functions/greet.js': `
    import { defineFunction } from 'warm-pool';
    const input = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          typeof value?.name === 'string'
            ? { value }
            : { issues: [{ message: 'expected a string', path: ['name'] }] },
      },
    };
    export default defineFunction({ input, handler: ({ name }) => \`Hello \${name}!\` });
  `,
  'functions/throws.js': `
export default async function throws() {
  const error = new RangeError('it is full', { cause: new Error('the last straw') });
  error.code = 7;
  throw error;
}
`,
  'functions/exits.js': `
    export default () => {
      console.error('about to leave');
      process.exit(3);
    };
  `,
  'functions/waits.js': `
    import fs from 'node:fs';
    import path from 'node:path';
    export default async ({ ms = 60_000, file } = {}, ctx) => {
      console.log('waiting');
      const isThere = () => file !== undefined && fs.existsSync(path.join(ctx.cwd, file));
      let timer;
      let looks;
      await new Promise((resolve, reject) => {
        timer = setTimeout(resolve, ms);
        looks = setInterval(() => isThere() && resolve(), 20);
        ctx.signal.addEventListener('abort', () => {
          console.log('aborted');
          reject(ctx.signal.reason);
        });
      }).finally(() => {
        clearTimeout(timer);
        clearInterval(looks);
      });
      return 'waited';
    };
  `,
  'functions/spins.js': `
    export default () => {
      console.log('spinning');
      for (;;);
    };
  `,
  'functions/values.js': `
    const values = {
      nothing: undefined,
      none: null,
      text: 'two\\nlines',
      number: 1.5,
      list: [1, 'two', { three: 3 }],
      optional: { given: 1, missing: undefined },
      date: { at: new Date(0) },
      map: new Map([['a', 1]]),
      big: 10n ** 20n,
      infinite: { most: Infinity },
      hole: [1, undefined],
      bytes: Buffer.from([0, 255, 10, 13, 128]),
      floats: new Float32Array([1, 2]),
      poison: JSON.parse('{"__proto__":{"a":1}}'),
      deep: Array.from({ length: 12 }).reduce((inner) => ({ inner }), new Set([1])),
    };
    export default ({ name }) => values[name];
  `,
  'functions/nested/name.js': `export default () => 'nested';`,
  'functions/logs.js': `
    export default (args, ctx) => {
      ctx.log.info({ found: 3 }, 'from the logger');
      console.log('from the console');
      return 'logged';
    };
  `,
};

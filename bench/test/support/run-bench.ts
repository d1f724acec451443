import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { bench } from '../../harness/places.ts';
import { until } from './until.ts';

/** What an ended run came to. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run that is under way. */
export interface StartedRun {
  readonly child: ChildProcess;
  /** Resolves when a measuring process and a pool in it are up. */
  measuring(): Promise<void>;
  /** Resolves when so many processes of the run have this in their command lines. */
  running(command: string, count: number): Promise<void>;
  /** Stops the workers of the pool that is being measured: none of its calls ends any more. */
  stopWorkers(): Promise<void>;
  ended(): Promise<Ended>;
}

// Every process of a run inherits this variable, whatever its command line is, and so can be found by it.
const marker = 'BENCH_TEST_FOLDER';
// The measuring process and two workers.
const processesOfMeasurement = 3;
const processesWithinMs = 30_000;
const lookAgainMs = 20;

/** Gives a test a folder of its own, with `tmp` in it for what the run writes, and removes it. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'warm-pool-bench-test-'));
  await mkdir(path.join(folder, 'tmp'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a run differs in from one of the benchmarks as they are. */
export interface RunSettings {
  readonly script?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the benchmarks from a folder to their end. */
export async function run(argv: readonly string[], folder: string, settings?: RunSettings): Promise<Ended> {
  return startRun(argv, folder, settings).ended();
}

/** Starts the benchmarks from a folder. */
export function startRun(
  argv: readonly string[],
  folder: string,
  { script = path.join(bench, 'run.js'), env }: RunSettings = {},
): StartedRun {
  const child = spawn(process.execPath, [script, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, [marker]: folder, INIT_CWD: folder, TMPDIR: path.join(folder, 'tmp') },
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return {
    child,
    // The run itself is one more.
    measuring: () => waitForProcesses(folder, (count) => count > processesOfMeasurement),
    running: (command, count) => waitForCommands(folder, command, count),
    stopWorkers: () => stopWorkers(folder, child.pid as number),
    ended: async () => {
      const [stdout, stderr, [code]] = await ended;
      return { code, stdout, stderr };
    },
  };
}

/** Resolves when no process of the run is left. */
export function waitUntilNoProcess(folder: string): Promise<void> {
  return waitForProcesses(folder, (count) => count === 0);
}

async function waitForCommands(folder: string, command: string, count: number): Promise<void> {
  await until(`${count} processes run ${command}`, async () => {
    const processes = await processesOf(folder);
    const commands = await Promise.all(processes.map(({ id }) => readOf(String(id), 'cmdline')));
    return commands.filter((each) => each.includes(command)).length >= count;
  });
}

async function waitForProcesses(folder: string, done: (count: number) => boolean): Promise<void> {
  const deadline = performance.now() + processesWithinMs;
  for (;;) {
    const count = (await processesOf(folder)).length;
    if (done(count)) {
      return;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited in vain for another number of processes of the run; there are ${count}`);
    }
    await delay(lookAgainMs);
  }
}

// The workers are the children of the measuring process, and that is a child of the run.
async function stopWorkers(folder: string, run: number): Promise<void> {
  const processes = await processesOf(folder);
  const measuring = processes.filter(({ parent }) => parent === run).map(({ id }) => id);
  for (const { id } of processes.filter(({ parent }) => measuring.includes(parent))) {
    process.kill(id, 'SIGSTOP');
  }
}

async function processesOf(folder: string): Promise<{ readonly id: number; readonly parent: number }[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const all = await Promise.all(
    ids.map(async (id) => {
      const [environment, stat] = await Promise.all([readOf(id, 'environ'), readOf(id, 'stat')]);
      // Behind the name, which may hold anything: the state, then the parent.
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return {
        id: Number(id),
        parent: Number(parent),
        isOurs: environment.includes(`${marker}=${folder}\0`),
      };
    }),
  );
  return all.filter(({ isOurs }) => isOurs);
}

// Of a process that is gone meanwhile there is nothing.
function readOf(id: string, file: string): Promise<string> {
  return readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '');
}

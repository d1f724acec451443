import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import path from 'node:path';
import { subjectNames } from './harness/load-subjects.ts';
import { describeMachine } from './harness/machine.ts';
import { helpText, type Options, parseOptions, UsageError } from './harness/options.ts';
import type { Report } from './harness/report.ts';
import { runSubject } from './harness/run-subject.ts';
import { formatReport } from './harness/table.ts';

const exitCodes = { done: 0, failed: 1, usage: 2, signalled: 128 };
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs the benchmarks as the command line says; resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const received: NodeJS.Signals[] = [];
  for (const signal of endingSignals) {
    // `on`, not `once`: a second Ctrl-C must not end us before the processes and folders are gone.
    process.on(signal, () => {
      received.push(signal);
      interrupt.abort(new Error(`received ${signal}`));
    });
  }

  try {
    // npm changes to the folder of the package, and says here where it was started.
    const options = parseOptions(argv, process.env.INIT_CWD ?? process.cwd());
    const known = await subjectNames();
    if (options.help) {
      console.log(helpText(known));
      return exitCodes.done;
    }
    return await runAll(options, namesToRun(options.subjects, known), interrupt.signal);
  } catch (error) {
    const [signal] = received;
    if (signal !== undefined) {
      return exitCodes.signalled + constants.signals[signal];
    }
    if (error instanceof UsageError) {
      console.error(error.message);
      return exitCodes.usage;
    }
    throw error;
  }
}

function namesToRun(asked: readonly string[], known: readonly string[]): readonly string[] {
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`Expected subjects out of ${known.join(', ')}; got \`${unknown.join(' ')}\``);
  }
  return asked.length === 0 ? known : asked;
}

async function runAll(options: Options, names: readonly string[], signal: AbortSignal): Promise<number> {
  const machine = describeMachine();
  console.log(`${machine}\n`);
  const reports: Report[] = [];
  for (const name of names) {
    const report = await inTemporaryFolder(options.folder, (folder) =>
      runSubject(name, options, folder, signal),
    );
    console.log(formatReport(report));
    reports.push(report);
    // Written after each subject: what was measured for minutes is not lost when the next one is interrupted.
    if (options.json !== undefined) {
      await writeFile(options.json, `${JSON.stringify({ machine, subjects: reports }, undefined, 2)}\n`);
    }
  }
  const anyFailed = reports.some(({ rows }) => rows.some(({ state }) => state === 'failed'));
  return anyFailed ? exitCodes.failed : exitCodes.done;
}

async function inTemporaryFolder<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(parent, 'warm-pool-bench-')).catch((error: Error) => {
    throw new UsageError(`Expected a folder that temporary files can be written to: ${error.message}`);
  });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

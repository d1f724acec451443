import type { ControlFile, ErrorReport } from '../runtime/server/client.ts';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.ts';

/** A command that could not do its work; it is told in one paragraph. */
export class CommandFailure extends Error {
  readonly report: ErrorReport;
  readonly exitCode: ExitCode;

  constructor(report: ErrorReport, exitCode: ExitCode = exitCodeOf(report.code)) {
    super(report.message);
    this.report = report;
    this.exitCode = exitCode;
  }
}

/** The command line itself is wrong. The message says what was expected instead. */
export function usageFailure(message: string): CommandFailure {
  return new CommandFailure({ name: 'UsageError', code: 'USAGE', message });
}

/** No runtime serves the project, and the command needs one that does. */
export function notRunningFailure(root: string): CommandFailure {
  const message = `No runtime is running for the project in ${root}. \`pool start\` starts one.`;
  return new CommandFailure({ name: 'NotRunningError', code: 'NOT_RUNNING', message });
}

/** Another runtime serves the data folder that this one would take. */
export function heldFailure({ pid, root }: ControlFile): CommandFailure {
  const advice = 'Stop it with `pool stop`, or give this one another `dataDir`.';
  const message = `The data folder is in use by another runtime, of the project in ${root} (pid ${pid}). ${advice}`;
  return new CommandFailure({ name: 'PoolError', code: 'RUNTIME_RUNNING', message });
}

/** No runtime could be started; a mistake of the user's own stays one. */
export function startFailure(report: ErrorReport): CommandFailure {
  const exitCode = exitCodeOf(report.code);
  return new CommandFailure(report, exitCode === exitCodes.usage ? exitCode : exitCodes.unavailable);
}

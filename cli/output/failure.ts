import {
  ConnectionError,
  ControlError,
  type ErrorReport,
  RuntimeStoppingError,
  reportError,
} from '../../runtime/server/client.ts';
import { type ExitCode, exitCodeOf } from '../exit-codes.ts';
import { CommandFailure } from '../failure.ts';
import { onOneLine } from './control-characters.ts';
import { errorJson } from './error-json.ts';
import { paragraphOf } from './paragraph.ts';
import { stacksOf } from './stacks.ts';
import { printJson, styleOf } from './terminal.ts';

interface FailureStyle {
  readonly json: boolean;
  readonly verbose: boolean;
}

/** Prints an error that ends a command, and returns the exit code that goes with it. */
export function printFailure(error: unknown, style: FailureStyle): ExitCode {
  const report = reportOf(error);
  if (style.json) printJson({ ok: false, error: errorJson(report, style) });
  else printReport(report, style);
  return error instanceof CommandFailure ? error.exitCode : exitCodeOf(report.code);
}

/** Prints an error on stderr: one paragraph, and the stacks if they are wanted. `item` is what it concerns, of many. */
export function printReport(
  report: ErrorReport,
  { verbose, item }: { verbose: boolean; item?: string },
): void {
  const { red, dim } = styleOf(process.stderr);
  const about = item === undefined ? '' : `${onOneLine(item)}: `;
  process.stderr.write(`${red('pool:')} ${about}${paragraphOf(report, { verbose })}\n`);
  if (!verbose) return;
  const stacks = stacksOf(report);
  if (stacks !== '') process.stderr.write(`${dim(stacks)}\n`);
}

function reportOf(error: unknown): ErrorReport {
  if (error instanceof CommandFailure || error instanceof ControlError) return error.report;
  if (error instanceof RuntimeStoppingError) {
    const message = `What was asked for was not done: ${error.message}`;
    return { name: error.name, code: 'RUNTIME_CLOSED', message };
  }
  if (!(error instanceof ConnectionError)) return reportError(error);
  const message = `The runtime went away before it answered (${error.message}). Look at the output of \`pool start\`.`;
  return { name: error.name, code: 'RUNTIME_LOST', message };
}

import type { ErrorReport } from '../../runtime/server/client.ts';
import { locationOf } from './location.ts';

/** Says in one paragraph what happened, where, and what to do about it. */
export function paragraphOf(report: ErrorReport, { verbose }: { verbose: boolean }): string {
  const message = report.message.trimEnd();
  const rest = [where(report), advice(report, verbose)].filter((sentence) => sentence !== '').join(' ');
  // A message of several lines ends in a list or in code: the sentences after it begin a line of their own.
  if (message.includes('\n')) return rest === '' ? message : `${message}\n${rest}`;
  return [/[.!?…]$/.test(message) ? message : `${message}.`, rest].join(' ').trimEnd();
}

function where({ code, message, cause }: ErrorReport): string {
  if (!thrownByUsers.has(code) || !cause || 'thrown' in cause) return '';
  const location = locationOf(cause.stack);
  // A syntax error names its place in the message.
  if (!location || message.includes(`${location.file}:`)) return '';
  return `It was thrown at ${location.file}:${location.line}:${location.column}.`;
}

const thrownByUsers = new Set(['FUNCTION_FAILED', 'FUNCTION_LOAD', 'CONFIG']);

function advice(report: ErrorReport, verbose: boolean): string {
  const { code, functionName = '<function>', signal, stderr = [] } = report;
  switch (code) {
    case 'FUNCTION_FAILED':
    case 'FUNCTION_LOAD':
    case 'INTERNAL':
      return !verbose && hasStack(report) ? 'Run it again with --verbose to see the stack.' : '';
    case 'INVALID_INPUT':
      return `\`pool describe ${functionName}\` shows what it takes.`;
    case 'TIMEOUT':
      return 'Give it more with --timeout, or with `timeout` in the settings of the function.';
    case 'WORKER_CRASHED':
      if (signal === 'SIGKILL') return 'If nobody killed it, the machine may have run out of memory.';
      return verbose || stderr.length === 0 ? '' : 'Run it again with --verbose to see what it wrote last.';
    case 'SERIALIZATION':
      return 'Return data: what `structuredClone` can copy.';
    case 'QUEUE_FULL':
      return 'Try again when there is less to do, or raise `pool.queueLimit`.';
    case 'RUNTIME_CLOSED':
      return 'To start the runtime again: `pool start`.';
    default:
      return '';
  }
}

/** Whether there is more to see: of what was thrown, and only where nothing was, of the error itself. */
function hasStack({ code, cause, stack }: ErrorReport): boolean {
  if (code === 'INTERNAL' && !cause) return stack !== undefined;
  return (
    cause !== undefined && !('thrown' in cause) && (cause.stack !== undefined || cause.errors !== undefined)
  );
}

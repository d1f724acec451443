import { relative } from 'node:path';
import type { FunctionInfo } from '../../runtime/index.ts';
import { formatDuration } from './duration.ts';
import { paragraphOf } from './paragraph.ts';
import { formatTable } from './table.ts';

/** Prints all that is known of a function. */
export function printDescription(info: FunctionInfo, { verbose }: { verbose: boolean }): void {
  const { name, description, file, version, state, error, config, inputSchema, stats } = info;
  const rows = [
    ['file', relative(process.cwd(), file)],
    ['version', version],
    ['state', state],
    ['timeout', formatDuration(config.timeout)],
    ...(config.retry ? [['retry', retryOf(config.retry)]] : []),
    ...(config.concurrency === undefined ? [] : [['concurrency', String(config.concurrency)]]),
    ...(config.memory === undefined ? [] : [['memory', `${Math.round(config.memory / 2 ** 20)} MB`]]),
    ...(config.pool === 'default' ? [] : [['pool', config.pool]]),
    ['invocations', countsOf(stats)],
  ];
  process.stdout.write(`${name}${description === undefined ? '' : `: ${description}`}\n\n`);
  process.stdout.write(formatTable(rows));
  if (error) process.stdout.write(`\nIt can't be loaded: ${loadFailureOf(error, verbose)}\n`);
  if (inputSchema !== undefined) process.stdout.write(`\nInput:\n${JSON.stringify(inputSchema, null, 2)}\n`);
}

function loadFailureOf(error: NonNullable<FunctionInfo['error']>, verbose: boolean): string {
  const { name, stack } = error;
  const message = `${name === 'Error' ? '' : `${name}: `}${error.message}`;
  const cause = { name, message, ...(stack !== undefined && { stack }) };
  const paragraph = paragraphOf({ name, code: 'FUNCTION_LOAD', message, cause }, { verbose });
  return verbose && stack !== undefined ? `${paragraph}\n${stack}` : paragraph;
}

function retryOf({ attempts, backoff }: NonNullable<FunctionInfo['config']['retry']>): string {
  return attempts === 1 ? '1 attempt' : `${attempts} attempts, the second after ${formatDuration(backoff)}`;
}

function countsOf({ invocations, ...endings }: FunctionInfo['stats']): string {
  const counts = Object.entries(endings).filter(([, count]) => count > 0);
  if (counts.length === 0) return String(invocations);
  return `${invocations} (${counts.map(([ending, count]) => `${count} ${endingNames[ending] ?? ending}`).join(', ')})`;
}

const endingNames: Readonly<Record<string, string>> = { timedOut: 'timed out' };

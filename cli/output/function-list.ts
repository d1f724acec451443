import { sep } from 'node:path';
import type { FunctionInfo } from '../../runtime/index.ts';
import { formatDuration } from './duration.ts';
import { formatTable } from './table.ts';

/** Prints the functions of a project as a table. */
export function printFunctionList(functions: readonly FunctionInfo[]): void {
  if (functions.length === 0) {
    process.stderr.write(
      'pool: The project has no functions yet: put a module with a default export into its functions folder.\n',
    );
    return;
  }
  const rows = functions.map((each) => [
    each.name,
    each.state,
    formatDuration(each.config.timeout),
    summaryOf(each),
  ]);
  process.stdout.write(formatTable([['FUNCTION', 'STATE', 'TIMEOUT', 'DESCRIPTION'], ...rows]));
}

function summaryOf({ description = '', error }: FunctionInfo): string {
  const text = (error?.message ?? description).replaceAll(`${process.cwd()}${sep}`, '').replace(/\s+/g, ' ');
  return text.length > longestSummary ? `${text.slice(0, longestSummary - 1)}…` : text;
}

// `pool describe` has all of it.
const longestSummary = 120;

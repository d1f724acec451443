import { inspect } from 'node:util';
import type { ErrorReport, ThrownReport } from '../../runtime/server/client.ts';

/** The stacks behind an error, from what was thrown to its first cause, and the last lines of a worker that died. */
export function stacksOf({ cause, stack, stderr = [] }: ErrorReport): string {
  const parts = cause ? chainOf(cause) : stack === undefined ? [] : [stack];
  if (stderr.length > 0) parts.push(`The last lines of the worker's stderr:\n${indented(stderr.join('\n'))}`);
  return parts.join('\n');
}

function chainOf(thrown: ThrownReport): string[] {
  if ('thrown' in thrown) return [thrown.thrown];
  const { name, message, stack, properties, cause, errors = [] } = thrown;
  const parts = [stack ?? `${name}: ${message}`];
  if (properties) parts.push(indented(inspect(properties)));
  for (const each of errors) parts.push(indented(chainOf(each).join('\n')));
  if (cause) {
    const [first, ...more] = chainOf(cause);
    parts.push(`Caused by: ${first}`, ...more);
  }
  return parts;
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}

import type { InvocationAnswer } from '../../runtime/server/client.ts';
import type { Item } from '../items.ts';
import { jsonForm } from './answer.ts';
import { formatDuration } from './duration.ts';
import { printReport } from './failure.ts';
import { toJson } from './json-form.ts';
import { inspectForm } from './result.ts';

interface ItemStyle {
  readonly json: boolean;
  readonly verbose: boolean;
}

/**
 * Prints how one item of many ended: its result as one line of JSON on stdout, an error on stderr; with `json` either as
 * one line on stdout, with the item.
 */
export function printItem({ text, value }: Item, answer: InvocationAnswer, style: ItemStyle): void {
  if (style.json) print({ item: value, ...jsonForm(answer, style) });
  else if (answer.ok) print(answer.result);
  else printReport(answer.error, { ...style, item: text });
}

/** Prints the closing line on stderr. */
export function printSummary(
  functionName: string,
  { done, failed, durationMs }: { done: number; failed: number; durationMs: number },
): void {
  const columns = [`MAP ${functionName} ${done + failed} items`, `${done} done`, `${failed} failed`];
  process.stderr.write(`${columns.join('  ')}  duration ${formatDuration(Math.round(durationMs))}\n`);
}

/** One line for each, whatever it is: what JSON can't carry is text, as Node shows it. */
function print(value: unknown): void {
  const line = value === undefined ? 'null' : (toJson(value, 0) ?? JSON.stringify(inspectForm(value)));
  process.stdout.write(`${line}\n`);
}

import { once } from 'node:events';
import { relative } from 'node:path';
import type { FileInfo } from '../../runtime/index.ts';
import { receiptStates } from '../../runtime/server/client.ts';
import type { FileCounts } from '../project/files.ts';
import { onOneLine } from './control-characters.ts';
import { formatDuration } from './duration.ts';
import { GrowingTable } from './table.ts';
import { whenUnread } from './watch-output.ts';

interface Printed {
  readonly listed: number;
  /** False: whoever read stdout has gone before the end. */
  readonly wasRead: boolean;
}

/** Prints files as they come: as a table, or with `json` each as one line of JSON. */
export async function printFiles(
  files: AsyncIterable<FileInfo>,
  { json, triggers }: { json: boolean; triggers: readonly string[] },
): Promise<Printed> {
  const unread = whenUnread();
  const table = new GrowingTable();
  const format = (rows: readonly string[][]) =>
    json ? rows.map(([line]) => `${line}\n`).join('') : table.format(rows);
  const columns = triggers.length > 1 ? [...ofAll, ofTrigger, ofReason] : [...ofAll, ofReason];
  const rowOf = (file: FileInfo) =>
    json ? [JSON.stringify(file)] : columns.map(([, cellOf]) => cellOf(file));
  let rows: string[][] = [];
  let listed = 0;
  for await (const file of files) {
    if (listed === 0 && !json) rows.push(columns.map(([name]) => name));
    listed += 1;
    rows.push(rowOf(file));
    if (rows.length < rowsAtOnce) continue;
    await print(format(rows));
    rows = [];
    if (unread.aborted) return { listed, wasRead: false };
  }
  await print(format(rows));
  return { listed, wasRead: !unread.aborted };
}

// Columns are lined up among so many rows; there may be far more than fit into memory.
const rowsAtOnce = 500;

type Column = readonly [name: string, cellOf: (file: FileInfo) => string];

const ofAll: readonly Column[] = [
  ['FILE', ({ path }) => pathText(path)],
  ['STATE', ({ state }) => state],
  ['FAILURES', ({ failures }) => (failures === undefined ? '-' : String(failures))],
  ['NEXT ATTEMPT', ({ nextAttempt }) => (nextAttempt === undefined ? '-' : untilText(nextAttempt))],
];
const ofTrigger: Column = ['TRIGGER', ({ trigger }) => onOneLine(trigger)];
// The last one: it is as long as it likes.
const ofReason: Column = ['REASON', ({ reason = '' }) => onOneLine(reason)];

/** A path as a person in the working folder calls it. */
export function pathText(path: string): string {
  return onOneLine(relative(process.cwd(), path) || '.');
}

function untilText(time: string): string {
  const seconds = Math.ceil((Date.parse(time) - Date.now()) / 1000);
  return seconds <= 0 ? 'now' : `in ${formatDuration(1000 * seconds)}`;
}

async function print(text: string): Promise<void> {
  if (text === '' || process.stdout.write(text)) return;
  // Nobody reads any more: that is found out by whoever looks.
  await once(process.stdout, 'drain').catch(() => {});
}

/** Prints the closing line on stderr, and what is to be said beside it. */
export function printFilesSummary({
  listed,
  counts,
  note,
}: {
  listed: number;
  counts: FileCounts;
  note: string | undefined;
}): void {
  if (note !== undefined) process.stderr.write(`pool: ${note}\n`);
  process.stderr.write(`${[`FILES ${listed} listed`, ...countTexts(counts)].join('  ')}\n`);
}

function countTexts(counts: FileCounts): string[] {
  return receiptStates.flatMap((state) => (counts[state] ? [`${counts[state]} ${state}`] : []));
}

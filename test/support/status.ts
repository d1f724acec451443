import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { FileInfo, ReceiptState } from 'warm-pool';
import type { ControlStatus } from '../../runtime/server/api.ts';
import { ControlClient } from '../../runtime/server/control-client.ts';
import { readControlFile } from '../../runtime/server/control-file.ts';
import { Store } from '../../runtime/store/store.ts';
import { LogLines } from './log-lines.ts';
import { until } from './wait.ts';

/** What `pool status` is told by the runtime that owns a data folder, or undefined while none answers. */
export async function statusOf(dataDir: string): Promise<ControlStatus | undefined> {
  const control = readControlFile(dataDir);
  // A killed runtime leaves its file behind.
  return control && (await new ControlClient(control).status().catch(() => undefined));
}

/** How many files the first trigger has in each state; none while no runtime answers. */
export async function countsOf(dataDir: string): Promise<Record<string, number>> {
  return { ...(await statusOf(dataDir))?.triggers[0]?.counts };
}

/** What `pool files` is told of the files in some states by the same runtime, or undefined while none answers. */
export async function filesOf(
  dataDir: string,
  states: readonly ReceiptState[],
): Promise<readonly FileInfo[] | undefined> {
  const control = readControlFile(dataDir);
  if (!control) return undefined;
  const files: FileInfo[] = [];
  try {
    for await (const file of new ControlClient(control).files(states)) files.push(file);
    return files;
  } catch {
    // It was killed before, or in the middle of its answer.
    return undefined;
  }
}

/** Resolves when the first trigger has so many files in these states, and none in any other. */
export async function untilCounted(
  dataDir: string,
  expected: Record<string, number>,
  ms?: number,
): Promise<void> {
  let counts: Record<string, number> = {};
  const isAsExpected = async () => {
    counts = await countsOf(dataDir);
    return isDeepStrictEqual(counts, expected);
  };
  await until(`receipts ${JSON.stringify(expected)}`, isAsExpected, ms).catch((error: Error) => {
    throw new Error(`${error.message}, there are ${JSON.stringify(counts)}`);
  });
}

/** Resolves when the same is so, and survives a kill and a disk without room. */
export async function untilWritten(dataDir: string, expected: Record<string, number>): Promise<void> {
  await untilCounted(dataDir, expected);
  // What was counted is committed at the end of that turn of the runtime; this answer is from a later one.
  await untilCounted(dataDir, expected);
}

/** What a trigger has written down of a file. */
export interface WrittenReceipt {
  readonly name: string;
  /** The version that a settled one is about: device, inode, size and time of the last change in ns. */
  readonly key?: string;
  /** Why it is set aside. */
  readonly reason?: string;
}

/** The receipts of a trigger whose runtime has ended, by the file's path below the watched folder. */
export function receiptsIn(dataDir: string, trigger: string): Map<string, WrittenReceipt> {
  const store = new Store(path.join(dataDir, 'pool.db'), new LogLines().logger);
  try {
    const entries = store.of(trigger);
    const paths = [...entries.keys()].filter((key) => !key.startsWith('/'));
    return new Map(paths.map((path) => [path, entries.get(path) as WrittenReceipt]));
  } finally {
    store.close();
  }
}

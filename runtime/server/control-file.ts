import { readFileSync, rmSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `control.json` in the data folder says of the runtime that serves it. */
export interface ControlFile {
  readonly pid: number;
  /** A socket's path, or the name of a pipe on Windows. */
  readonly address: string;
  /** The configuration file, or null where a runtime has none. */
  readonly config: string | null;
  readonly root: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Of warm-pool. */
  readonly version: string;
}

/** Returns undefined where there is none, or none that can be read. */
export function readControlFile(dataDir: string): ControlFile | undefined {
  try {
    const found = JSON.parse(readFileSync(pathOf(dataDir), 'utf8')) as Partial<ControlFile> | null;
    const isWhole = typeof found?.pid === 'number' && typeof found.address === 'string';
    return isWhole ? (found as ControlFile) : undefined;
  } catch {
    return undefined;
  }
}

export async function writeControlFile(dataDir: string, content: ControlFile): Promise<void> {
  // Renamed into place, so that a reader finds all of it or nothing.
  const unfinished = `${pathOf(dataDir)}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(unfinished, pathOf(dataDir));
}

/** Removes it, unless another runtime has written its own in the meantime. */
export function removeControlFile(dataDir: string, pid: number): void {
  if (readControlFile(dataDir)?.pid === pid) rmSync(pathOf(dataDir), { force: true });
}

function pathOf(dataDir: string): string {
  return join(dataDir, 'control.json');
}

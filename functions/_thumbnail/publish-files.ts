import { lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryName } from './temporary-files.ts';
import { systemCode, systemReason, ThumbnailError } from './thumbnail-error.ts';

export interface OutputFile {
  /** Absolute. */
  readonly path: string;
  readonly content: Buffer;
}

/** A file by what it is instead of its name. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/**
 * Writes a set of files so that each is old or new at any moment, never half: all go to temporary files
 * beside their targets, then all are renamed. A failure leaves no temporary file; a kill can leave some,
 * which a later run sweeps. `source` is never replaced, by whatever path it is reached.
 *
 * The calls are synchronous on purpose. A worker has nothing else to do meanwhile, six thumbnails take 1.2 ms
 * this way and 2.3 ms through libuv's thread pool, and this is the only time at which a kill leaves something
 * to sweep.
 */
export function publishFiles(files: readonly OutputFile[], source: FileIdentity): void {
  for (const { path } of files) refuseUnlessReplaceable(path, source);
  const waiting = new Map<string, string>();
  try {
    for (const { path, content } of files) {
      const temporary = join(dirname(path), temporaryName());
      waiting.set(temporary, path);
      inOrderTo(path, () => writeNew(temporary, content));
    }
    for (const [temporary, path] of waiting) {
      inOrderTo(path, () => renameSync(temporary, path));
      waiting.delete(temporary);
    }
  } catch (error) {
    for (const temporary of waiting.keys()) removeQuietly(temporary);
    throw error;
  }
}

function refuseUnlessReplaceable(path: string, source: FileIdentity): void {
  const present = inOrderTo(path, () => lstatIfPresent(path));
  if (present?.isDirectory()) {
    throw new ThumbnailError(
      'UNWRITABLE',
      `${JSON.stringify(path)} is a folder, where a thumbnail should be; choose another \`dest\``,
    );
  }
  if (present?.dev === source.dev && present.ino === source.ino) {
    throw new ThumbnailError(
      'BAD_DEST',
      `a thumbnail would overwrite the photo itself at ${JSON.stringify(path)}; choose another \`dest\``,
    );
  }
}

function lstatIfPresent(path: string) {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

function writeNew(path: string, content: Buffer): void {
  const folder = dirname(path);
  try {
    writeFileSync(path, content, { flag: 'wx' });
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    makeFolder(folder);
    writeFileSync(path, content, { flag: 'wx' });
  }
}

// Not by the `recursive` of Node's mkdir: it says of a read-only file system that there is no such folder, and never ends
// where no folder can be made in one that is there, as in /proc.
function makeFolder(folder: string, parentIsThere = false): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const code = systemCode(error);
    const parent = dirname(folder);
    // Another process may have made it meanwhile. When it is no folder after all, writing to it tells.
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || parentIsThere || parent === folder) throw error;
    makeFolder(parent);
    makeFolder(folder, true);
  }
}

// For trouble that has nothing to do with permissions.
const waysOut: Record<string, string> = {
  ENOENT: 'make its folder, or choose another with `dest`',
  ENOTDIR: 'move that file away or choose another folder with `dest`',
  EFBIG: 'raise that limit (`ulimit -f`)',
  ENAMETOOLONG: 'give the photo a shorter name or choose a shorter path with `dest`',
};

/** Runs a file operation; its error says which output could not be written, why, and what to do. */
function inOrderTo<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    const what = `${JSON.stringify(path)} can't be written, ${systemReason(error)}`;
    const code = systemCode(error);
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      const message = `${what}; make room and try again`;
      throw new ThumbnailError('DISK_FULL', message, { cause: error }).madeBy(inOrderTo);
    }
    const wayOut = (code && waysOut[code]) ?? 'make its folder writable or choose another with `dest`';
    const message = `${what}; ${wayOut}`;
    throw new ThumbnailError('UNWRITABLE', message, { cause: error }).madeBy(inOrderTo);
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The error that led here is the one to report.
  }
}

import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

// In memory where the platform has such a folder: what is written must not wait for a disk.
const memoryFolder = '/dev/shm';

/**
 * Opens a file that has no name any more, so that nothing can be left behind: whoever it is handed to holds it open. In
 * memory where the platform can do that, else in the folder for temporary files, unless `inMemory` rules that out.
 * It begins with the bytes of `first`, and ends after `length` bytes, with no memory behind the rest. Returns its descriptor; undefined where an open file can't be unlinked, or no folder takes these first bytes.
 */
export function openUnnamedFile(
  first: Uint8Array,
  { inMemory = false, length = first.length } = {},
): number | undefined {
  if (process.platform === 'win32') return undefined;
  const memory = process.platform === 'linux' ? [memoryFolder] : [];
  for (const folder of inMemory ? memory : [...memory, os.tmpdir()]) {
    const fd = openUnnamed(path.join(folder, `.warm-pool-${randomUUID()}`));
    if (fd === undefined) continue;
    if (hasRoom(fd, first, length)) return fd;
    fs.closeSync(fd);
  }
  return undefined;
}

/** Whether this process was started with a file at that descriptor. */
export function isOpenFile(fd: number): boolean {
  try {
    return fs.fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

function openUnnamed(file: string): number | undefined {
  try {
    const fd = fs.openSync(file, 'wx+', 0o600);
    fs.unlinkSync(file);
    return fd;
  } catch {
    return undefined; // no such folder, or not writable
  }
}

function hasRoom(fd: number, bytes: Uint8Array, length: number): boolean {
  try {
    fs.ftruncateSync(fd, length);
    return fs.writeSync(fd, bytes, 0, bytes.length, 0) === bytes.length;
  } catch {
    return false;
  }
}

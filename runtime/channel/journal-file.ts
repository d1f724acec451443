import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { emptyJournal, type JournalStorage } from './journal.ts';

/**
 * The journal of a worker process: a file that both processes hold open and that has no name any more, so that nothing
 * can be left behind. The kernel keeps it whatever becomes of either.
 */
export class JournalFile implements JournalStorage {
  /** To be handed to the worker. */
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Makes one; undefined where an open file can't be unlinked, or no folder takes it. */
  static create(): JournalFile | undefined {
    if (process.platform === 'win32') return undefined;
    for (const folder of folders) {
      const fd = openUnnamed(path.join(folder, `.warm-pool-${randomUUID()}`));
      if (fd !== undefined) return new JournalFile(fd);
    }
    return undefined;
  }

  /** The one that this process was started with; undefined when it was started without. */
  static inherited(fd: number): JournalFile | undefined {
    try {
      fs.fstatSync(fd);
      return new JournalFile(fd);
    } catch {
      return undefined;
    }
  }

  write(bytes: Buffer, start: number, length: number, offset: number): void {
    fs.writeSync(this.fd, bytes, start, length, offset);
  }

  read(bytes: Buffer, length: number, offset: number): number {
    return fs.readSync(this.fd, bytes, 0, length, offset);
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}

// In memory where the platform has such a folder: a mark must not wait for a disk.
const folders = process.platform === 'linux' ? ['/dev/shm', os.tmpdir()] : [os.tmpdir()];

function openUnnamed(file: string): number | undefined {
  try {
    const fd = fs.openSync(file, 'wx+', 0o600);
    fs.unlinkSync(file);
    return hasRoom(fd) ? fd : undefined;
  } catch {
    return undefined; // no such folder, or not writable: the next one may be
  }
}

/** Writes all that will ever be in the file, so that no later entry can fail for want of space. */
function hasRoom(fd: number): boolean {
  try {
    const initial = emptyJournal();
    fs.writeSync(fd, initial, 0, initial.length, 0);
    return true;
  } catch {
    fs.closeSync(fd);
    return false;
  }
}

import fs from 'node:fs';
import { emptyJournal, type JournalStorage } from './journal.ts';
import { isOpenFile, openUnnamedFile } from './unnamed-file.ts';

/**
 * The journal of a worker process: a file that both processes hold open. The kernel keeps it whatever becomes of either.
 */
export class JournalFile implements JournalStorage {
  /** To be handed to the worker. */
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Makes one, with all the room it will ever need, so that no later entry can fail; undefined where there can't be one. */
  static create(): JournalFile | undefined {
    const fd = openUnnamedFile(emptyJournal());
    return fd === undefined ? undefined : new JournalFile(fd);
  }

  /** The one that this process was started with; undefined when it was started without. */
  static inherited(fd: number): JournalFile | undefined {
    return isOpenFile(fd) ? new JournalFile(fd) : undefined;
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

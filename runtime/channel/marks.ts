/**
 * Marks: what a worker is about to do, written where the runtime can read it after any death of the worker, SIGKILL
 * and native crashes included. It is a file that both hold open and that has no name any more, so that nothing can be
 * left behind. It holds two little-endian i32: the index of the function that is being loaded, or -1; and the number
 * of the run that was started last, from 1.
 */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const nothing = -1;
const markBytes = 4;
const loadingOffset = 0;
const startedOffset = 4;

/** The worker's side: each mark is one synchronous write, in place before what it announces begins. */
export class MarkWriter {
  readonly #fd: number | undefined;
  readonly #buffer = Buffer.alloc(markBytes);

  constructor(fd: number) {
    try {
      fs.fstatSync(fd);
      this.#fd = fd;
    } catch {
      this.#fd = undefined; // started without marks
    }
  }

  loading(index: number): void {
    this.#write(loadingOffset, index);
  }

  loaded(): void {
    this.#write(loadingOffset, nothing);
  }

  started(run: number): void {
    this.#write(startedOffset, run);
  }

  #write(offset: number, value: number): void {
    if (this.#fd === undefined) return;
    this.#buffer.writeInt32LE(value);
    fs.writeSync(this.#fd, this.#buffer, 0, markBytes, offset);
  }
}

/** The runtime's side. */
export class MarkReader {
  /** To be handed to the worker; `undefined` where an open file can't be unlinked. */
  readonly fd: number | undefined = openUnnamedFile();

  /** The index of the function that was being loaded when the last mark was made. */
  loading(): number | undefined {
    const index = this.#read(loadingOffset);
    return index === nothing ? undefined : index;
  }

  /** The number of the run that was started last, 0 when none was; undefined where there are no marks. */
  started(): number | undefined {
    return this.fd === undefined ? undefined : (this.#read(startedOffset) ?? 0);
  }

  #read(offset: number): number | undefined {
    if (this.fd === undefined) return undefined;
    const buffer = Buffer.alloc(markBytes);
    const read = fs.readSync(this.fd, buffer, 0, markBytes, offset);
    return read === markBytes ? buffer.readInt32LE() : undefined;
  }

  close(): void {
    if (this.fd !== undefined) fs.closeSync(this.fd);
  }
}

// In memory where the platform has such a folder: a mark must not wait for a disk.
const folders = process.platform === 'linux' ? ['/dev/shm', os.tmpdir()] : [os.tmpdir()];

/** Writes all that will ever be in the file, so that no later mark can fail for want of space. */
function hasRoom(fd: number): boolean {
  try {
    const initial = Buffer.alloc(2 * markBytes);
    initial.writeInt32LE(nothing, loadingOffset);
    fs.writeSync(fd, initial, 0, initial.length, 0);
    return true;
  } catch {
    fs.closeSync(fd);
    return false;
  }
}

function openUnnamedFile(): number | undefined {
  if (process.platform === 'win32') return undefined;
  for (const folder of folders) {
    const file = path.join(folder, `.warm-pool-${randomUUID()}`);
    try {
      const fd = fs.openSync(file, 'wx+', 0o600);
      fs.unlinkSync(file);
      if (hasRoom(fd)) return fd;
    } catch {
      // No such folder, or not writable: the next one may be.
    }
  }
  return undefined;
}

import { MemoryFile } from '../memory-file.ts';
import { isOpenFile, openUnnamedFile } from '../unnamed-file.ts';
import { emptyJournal, type JournalStorage, journalBytes } from './format.ts';

/**
 * The journal of a worker process: a file that both processes hold open. The kernel keeps it whatever becomes of either.
 * Where it is mapped, each write ends and each read begins with an atomic change, which orders them as system calls do:
 * of a write here and a read there, and a read here and a write there, at least one read sees the other side's write.
 */
export class JournalFile implements JournalStorage {
  /** To be handed to the worker. */
  readonly fd: number;
  readonly #file: MemoryFile;

  private constructor(fd: number) {
    this.fd = fd;
    this.#file = new MemoryFile(fd, { bytes: journalBytes, filled: journalBytes });
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
    this.#file.write(bytes, start, length, offset);
    Atomics.add(order, 0, 1);
  }

  read(bytes: Buffer, length: number, offset: number): number {
    Atomics.add(order, 0, 1);
    return this.#file.read(bytes, length, offset);
  }

  get memory(): Buffer | undefined {
    return this.#file.memory;
  }

  fence(): void {
    Atomics.add(order, 0, 1);
  }

  close(): void {
    this.#file.close();
  }
}

const order = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

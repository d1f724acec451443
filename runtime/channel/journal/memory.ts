import { emptyJournal, type JournalStorage, journalBytes } from './format.ts';

/**
 * The journal of a worker thread: memory that both threads share. The word behind it orders what they do: each write ends
 * and each read begins with one atomic change of it, so that of a write here and a read there, and a read here and a
 * write there, at least one read sees the other side's write.
 */
export class JournalMemory implements JournalStorage {
  /** To be handed to the worker. */
  readonly shared: SharedArrayBuffer;
  readonly #bytes: Buffer;
  readonly #order: Int32Array;

  /** Of what the other thread has made, or a new one. */
  constructor(shared = new SharedArrayBuffer(journalBytes + orderBytes)) {
    this.shared = shared;
    this.#bytes = Buffer.from(shared, 0, journalBytes);
    this.#order = new Int32Array(shared, journalBytes, 1);
  }

  /** Makes one for a worker that is about to start. */
  static create(): JournalMemory {
    const memory = new JournalMemory();
    memory.write(emptyJournal(), 0, journalBytes, 0);
    return memory;
  }

  write(bytes: Buffer, start: number, length: number, offset: number): void {
    bytes.copy(this.#bytes, offset, start, start + length);
    Atomics.add(this.#order, 0, 1);
  }

  get memory(): Buffer {
    return this.#bytes;
  }

  fence(): void {
    Atomics.add(this.#order, 0, 1);
  }

  read(bytes: Buffer, length: number, offset: number): number {
    Atomics.add(this.#order, 0, 1);
    return this.#bytes.copy(bytes, 0, offset, offset + length);
  }
}

const orderBytes = Int32Array.BYTES_PER_ELEMENT;

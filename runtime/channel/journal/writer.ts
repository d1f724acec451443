import type { FramePlace } from '../frame-batch.ts';
import {
  entriesOffset,
  type JournalStorage,
  loadingOffset,
  nothing,
  numberBytes,
  overrunOffset,
  startedOffset,
  takenBackBytes,
  takenBackOffset,
  togetherOffset,
} from './format.ts';
import { longestOf, type ShortResult, writeResult } from './short-result.ts';

/** The worker's side: each entry is one synchronous write, in place before what it announces begins. */
export class JournalWriter {
  readonly #storage: JournalStorage | undefined;
  readonly #number = Buffer.alloc(numberBytes);
  readonly #takenBack = Buffer.alloc(takenBackBytes);
  #viewed: Buffer | undefined;
  #words: DataView = new DataView(new ArrayBuffer(0));
  /** What is written into it at once, unless the journal is in memory. */
  #entry = Buffer.alloc(0);
  #end = entriesOffset;

  /** Without a storage it writes nothing. */
  constructor(storage: JournalStorage | undefined) {
    this.#storage = storage;
  }

  loading(index: number): void {
    this.#write(loadingOffset, index);
  }

  loaded(): void {
    this.#write(loadingOffset, nothing);
  }

  /** A run begins, and every result before it has been sent. */
  started(run: number): void {
    this.#write(startedOffset, run);
    this.#end = entriesOffset;
  }

  /** Whether `finishedAndStarted` has room for this frame. */
  fits({ start, end }: FramePlace): boolean {
    return this.#end + (end - start) + numberBytes <= overrunOffset;
  }

  /** A run begins while the result of the one before it has yet to be sent. */
  finishedAndStarted({ buffer, start, end }: FramePlace, run: number): void {
    if (!this.#storage) return;
    // In the room behind the frame: what lies in one piece is written at once, without a copy.
    const length = buffer.writeInt32LE(run, end) - start;
    this.#storage.write(buffer, start, length, this.#end);
    this.#end += length;
  }

  /**
   * One of several runs that came together begins, while the results before it have yet to be sent, the last of which is
   * this one. Returns false when there is no room for it: then all have to be sent first.
   */
  resultAndStarted(result: ShortResult, run: number): boolean {
    const storage = this.#storage;
    if (!storage) return true;
    const start = this.#end;
    const { memory } = storage;
    const most = numberBytes + longestOf(result);
    if (start + most > overrunOffset) return false;
    if (memory) {
      if (this.#viewed !== memory) this.#view(memory);
      this.#end = writeResult(result, memory, this.#words, start);
      this.#words.setInt32(togetherOffset, run, true);
      storage.fence();
      return true;
    }
    if (this.#entry.length < most) this.#entry = Buffer.alloc(2 * most);
    const { buffer, byteOffset } = this.#entry;
    const length = writeResult(result, this.#entry, new DataView(buffer, byteOffset), 0);
    storage.write(this.#entry, 0, length, start);
    this.#end = start + length;
    this.#write(togetherOffset, run);
    return true;
  }

  /** Whether the runtime has taken this run back. Asked after its start was written: see JournalReader.takeBack. */
  isTakenBack(run: number): boolean {
    if (!this.#storage) return false;
    const { memory } = this.#storage;
    const bytes = memory ?? this.#takenBack;
    const offset = memory ? takenBackOffset : 0;
    // The ordinary case. One number alone can't be half written.
    if (memory && memory === this.#viewed && run >= this.#words.getInt32(takenBackOffset + numberBytes, true))
      return false;
    for (;;) {
      if (!memory && this.#storage.read(bytes, takenBackBytes, takenBackOffset) < takenBackBytes)
        return false;
      const from = bytes.readInt32LE(offset);
      const to = bytes.readInt32LE(offset + numberBytes);
      if (bytes.readInt32LE(offset + 2 * numberBytes) === ((from + to) | 0)) return run >= from && run < to;
    }
  }

  /** A view is faster than the Buffer by what that checks. */
  #view(memory: Buffer): void {
    this.#viewed = memory;
    this.#words = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  }

  #write(offset: number, value: number): void {
    if (!this.#storage) return;
    this.#number.writeInt32LE(value);
    this.#storage.write(this.#number, 0, numberBytes, offset);
  }
}

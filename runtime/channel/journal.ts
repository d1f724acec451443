/**
 * The journal of a worker: what it is about to do and what it has finished, written where the runtime can read it after
 * any death of the worker, SIGKILL and native crashes included, and where the runtime can take back what it handed
 * ahead to a worker that hears nothing. Where it lies: see journal-file.ts and journal-memory.ts. All numbers are
 * little-endian 32-bit integers:
 *
 *     0   the index of the function that is being loaded, or -1
 *     4   the run that was started last after everything before it had been sent, from 1; 0: none
 *     8   taken back: the first run, the one behind the last, and the sum of both (what is being written has another)
 *     20  of runs that came together, the one that was started last while results before it had yet to be sent
 *     24  entries: a frame as it is sent, of a run that has ended; then the run that was started after it
 *     -12 (from the end) the run that the watchdog ends for its memory, 0: none; the MB it used, and its limit in MB
 *
 * Results of short runs are sent together, so that some may still be in the worker's memory while it runs the next.
 * Those are the entries. Once they are sent, the next ones are written over them from the beginning: an entry holds
 * when its frame is the end of the run that the entry before it (or the number at 4) started, and starts a later one.
 * Numbers only grow, so that what is left of older entries, or one that was cut off by the end of the worker, fails that.
 *
 * Of runs that came together the entries are shorter: the length of the JSON of the result in bytes and 1, or 0 for
 * undefined, and the JSON; for a number -1 and its 64 bits (IEEE 754). There are as many as the number at 20 is above the
 * one at 4; it is written after them, and is the smaller one as long as there are none.
 */
import type { FramePlace } from './frame-batch.ts';
import { FrameReader } from './frame-reader.ts';
import { isFromWorker } from './from-worker.ts';
import type { Envelope, FromWorker } from './messages.ts';

/** Where a journal lies: bytes that the worker and the runtime both reach, and that outlive the worker. */
export interface JournalStorage {
  /** Writes `length` of these bytes, from `start`. What either side reads once it has returned has them. */
  write(bytes: Buffer, start: number, length: number, offset: number): void;
  /** Reads so many bytes, and returns how many there were. */
  read(bytes: Buffer, length: number, offset: number): number;
  /** The bytes themselves, where they are in memory. What is done there is ordered by `fence`. */
  readonly memory: Buffer | undefined;
  /** What was written before this is seen by whoever reads after its own. */
  fence(): void;
}

const nothing = -1;
const numberBytes = 4;
const loadingOffset = 0;
const startedOffset = 4;
const takenBackOffset = 8;
const takenBackBytes = 3 * numberBytes;
const togetherOffset = 20;
const entriesOffset = 24;

/** Entries take no more than this; what does not fit has to be sent first. */
export const journalBytes = 64 * 1024;

/** Where the watchdog says why it ends the worker. */
export const overrunOffset = journalBytes - 3 * numberBytes;

/** What is in the storage before a worker starts; it never grows. */
export function emptyJournal(): Buffer {
  const bytes = Buffer.alloc(journalBytes);
  bytes.writeInt32LE(nothing, loadingOffset);
  return bytes;
}

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

/** What a journal says. */
export interface JournalContent {
  /** The index of the function that was being loaded. */
  readonly loading: number | undefined;
  /** The run that was started last, 0 when none was; undefined where there is no journal. */
  readonly started: number | undefined;
  /** The ends of runs that may not have been sent, in their order. */
  readonly ends: readonly Envelope<FromWorker>[];
  /** The run that the worker was ended for, as it used too much memory. */
  readonly overrun?: MemoryOverrun | undefined;
}

export interface MemoryOverrun {
  readonly run: number;
  readonly usedMB: number;
  readonly limitMB: number;
}

/** The runtime's side. */
export class JournalReader {
  readonly #storage: JournalStorage | undefined;
  readonly #number = Buffer.alloc(numberBytes);
  #takenBack: { from: number; to: number } = { from: 0, to: 0 };

  /** Without a storage it knows nothing. */
  constructor(storage: JournalStorage | undefined) {
    this.#storage = storage;
  }

  /** Whether `takeBack` can be used. */
  get canTakeBack(): boolean {
    return this.#storage !== undefined;
  }

  read(): JournalContent {
    if (!this.#storage) return { loading: undefined, started: undefined, ends: [] };
    const bytes = Buffer.alloc(journalBytes);
    let length: number;
    let together: number;
    do {
      // Before the entries, of which more may come meanwhile.
      together = this.#readNumber(togetherOffset);
      length = this.#storage.read(bytes, journalBytes, 0);
      // A worker that lives may have begun anew while this was read: then the entries are not those of the number.
    } while (this.#readNumber(startedOffset) !== bytes.readInt32LE(startedOffset));
    const loading = bytes.readInt32LE(loadingOffset);
    let started = bytes.readInt32LE(startedOffset);
    if (together > started) {
      const results = readResults(
        bytes.subarray(entriesOffset, Math.min(length, overrunOffset)),
        started,
        together,
      );
      return { loading: undefined, started: together, ends: results, overrun: overrunOf(bytes) };
    }
    const ends: Envelope<FromWorker>[] = [];
    for (let offset = entriesOffset; ; ) {
      const entry = readEntry(bytes.subarray(offset, Math.min(length, overrunOffset)));
      if (!entry || entry.run !== started || entry.next <= started) break;
      ends.push(entry.end);
      started = entry.next;
      offset += entry.length;
    }
    return { loading: loading === nothing ? undefined : loading, started, ends, overrun: overrunOf(bytes) };
  }

  /** The run that was started last, of those that came together; of others it may be a later one. */
  get startedTogether(): number {
    return Math.max(this.#readNumber(togetherOffset), this.#readNumber(startedOffset));
  }

  /**
   * Takes back the runs from `from` to before `to` that have not been started, and returns the run that was started
   * last. The worker writes that it starts a run and then looks what was taken back; here it is written first and looked
   * then: so a run is seen as started here, or as taken back there, or both. Then the worker leaves it out and says so.
   */
  takeBack(from: number, to: number): number {
    if (!this.#storage) return to;
    // The worker may not have come to those that were taken back before: then they stay so. What was handed over since
    // and is not of these either goes with them; the worker says that it left it out.
    const hasPassed = (this.read().started ?? to) >= this.#takenBack.to;
    const first = hasPassed ? from : Math.min(from, this.#takenBack.from);
    this.#takenBack = { from: first, to };
    const bytes = Buffer.alloc(takenBackBytes);
    bytes.writeInt32LE(first, 0);
    bytes.writeInt32LE(to, 4);
    bytes.writeInt32LE((first + to) | 0, 8);
    this.#storage.write(bytes, 0, takenBackBytes, takenBackOffset);
    return this.read().started ?? to;
  }

  #readNumber(offset: number): number {
    this.#storage?.read(this.#number, numberBytes, offset);
    return this.#number.readInt32LE(0);
  }
}

function overrunOf(bytes: Buffer): MemoryOverrun | undefined {
  const run = bytes.readInt32LE(overrunOffset);
  if (run === 0) return undefined;
  const usedMB = bytes.readInt32LE(overrunOffset + numberBytes);
  return { run, usedMB, limitMB: bytes.readInt32LE(overrunOffset + 2 * numberBytes) };
}

/** The result of one of several runs that came together: a number that JSON carries as it is, undefined, or JSON. */
export type ShortResult = number | string | undefined;

/** In the place of the length of an entry: it is a number. */
const isNumber = -1;

/** How many bytes it takes at most behind its length. A unit of a string takes up to three. */
function longestOf(result: ShortResult): number {
  if (typeof result === 'number') return Float64Array.BYTES_PER_ELEMENT;
  return result === undefined ? 0 : 3 * result.length;
}

/** A loop is faster than a call of native code for texts of up to this length. */
const shortText = 24;

/** Writes an entry of runs that came together into these bytes; returns where it ends. */
function writeResult(result: ShortResult, buffer: Buffer, view: DataView, start: number): number {
  const textStart = start + numberBytes;
  if (typeof result === 'number') {
    view.setInt32(start, isNumber, true);
    view.setFloat64(textStart, result, true);
    return textStart + Float64Array.BYTES_PER_ELEMENT;
  }
  if (result === undefined) {
    view.setInt32(start, 0, true);
    return textStart;
  }
  const { length } = result;
  let end = textStart;
  if (length <= shortText) {
    for (let index = 0; index < length; index++) {
      const code = result.charCodeAt(index);
      if (code > 0x7f) break;
      buffer[end++] = code;
    }
  }
  if (end - textStart < length) end = textStart + buffer.write(result, textStart, 'utf8');
  view.setInt32(start, end - textStart + 1, true);
  return end;
}

/** The results of the runs from `first` to before `next`, as they would have been sent. */
function readResults(bytes: Buffer, first: number, next: number): Envelope<FromWorker>[] {
  const ends: Envelope<FromWorker>[] = [];
  let offset = 0;
  for (let run = first; run < next; run++) {
    if (offset + numberBytes > bytes.length) break;
    const head = bytes.readInt32LE(offset);
    const length = head === isNumber ? Float64Array.BYTES_PER_ELEMENT : Math.max(0, head - 1);
    offset += numberBytes;
    if (offset + length > bytes.length) break;
    let body: string | undefined;
    if (head === isNumber) body = String(bytes.readDoubleLE(offset));
    else if (head !== 0) body = bytes.toString('utf8', offset, offset + length);
    ends.push({ message: { type: 'succeeded', run, durationMs: 0, memoryMB: 0, output: [0, 0] }, body });
    offset += length;
  }
  return ends;
}

interface Entry {
  readonly end: Envelope<FromWorker>;
  readonly run: number;
  readonly next: number;
  readonly length: number;
}

function readEntry(bytes: Buffer): Entry | undefined {
  if (bytes.length < numberBytes) return undefined;
  const frameLength = numberBytes + bytes.readUInt32LE(0);
  if (frameLength + numberBytes > bytes.length) return undefined;
  let end: Envelope<FromWorker> | undefined;
  try {
    new FrameReader<FromWorker>(undefined, isFromWorker).push(
      bytes.subarray(0, frameLength),
      (message, body) => {
        end = { message, body };
      },
    );
  } catch {
    return undefined; // what is left of older entries
  }
  if (end?.message.type !== 'succeeded' && end?.message.type !== 'failed') return undefined;
  const next = bytes.readInt32LE(frameLength);
  return { end, run: end.message.run, next, length: frameLength + numberBytes };
}

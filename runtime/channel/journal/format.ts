/**
 * The journal of a worker: what it is about to do and what it has finished, written where the runtime can read it after
 * any death of the worker, SIGKILL and native crashes included, and where the runtime can take back what it handed
 * ahead to a worker that hears nothing. Where it lies: see file.ts and memory.ts. All numbers are
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

export const nothing = -1;
export const numberBytes = 4;
export const loadingOffset = 0;
export const startedOffset = 4;
export const takenBackOffset = 8;
export const takenBackBytes = 3 * numberBytes;
export const togetherOffset = 20;
export const entriesOffset = 24;

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

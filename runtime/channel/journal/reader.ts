import { FrameReader } from '../frame-reader.ts';
import { isFromWorker } from '../from-worker.ts';
import type { Envelope, FromWorker } from '../messages.ts';
import {
  entriesOffset,
  type JournalStorage,
  journalBytes,
  loadingOffset,
  nothing,
  numberBytes,
  overrunOffset,
  startedOffset,
  takenBackBytes,
  takenBackOffset,
  togetherOffset,
} from './format.ts';
import { readResults } from './short-result.ts';

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

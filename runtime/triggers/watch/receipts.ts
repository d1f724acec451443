import type { TriggerStore } from '../../store/trigger-store.ts';
import type { Candidate, Receipt } from './file-state.ts';
import type { FileVersion } from './file-version.ts';
import type { LearnedPlaces } from './outputs.ts';

/**
 * What is known of each file, by its path below the watched folder, and the line of those that are queued. It all lies
 * in the trigger's store and nothing of it in memory: a backlog of any length, and any number of files that are done.
 */
export class Receipts {
  readonly #store: TriggerStore;
  // Beyond every place that was given before, by this trigger or the one that had the store earlier: nothing queues
  // a thousand files a millisecond for long.
  #lastPlace = Date.now() * 1_000;

  constructor(store: TriggerStore) {
    this.#store = store;
  }

  get(path: string): Receipt | undefined {
    const receipt = this.#store.get(path) as Receipt | undefined;
    return receipt && withTimes(receipt, inThisProcess);
  }

  /** A `queued` receipt puts the file at the end of the line; one that is marked `returned` to the place it had. */
  set(path: string, receipt: Receipt): void {
    const placed = receipt.name === 'queued' ? this.#placed(receipt) : receipt;
    this.#store.set(path, withTimes(placed, sinceEpoch), { group: placed.name, order: orderOf(placed) });
  }

  delete(path: string): void {
    this.#store.delete(path);
  }

  /** Whether receipts can't be kept for now; `committed` resolves when they can. */
  get areHeldUp(): boolean {
    return this.#store.isHeldUp;
  }

  /** The file at the head of the line. It leaves the line when its receipt changes. None while receipts are held up. */
  firstQueued(): string | undefined {
    return this.#store.first('queued');
  }

  /** The file that has been gone the longest. */
  firstGone(): string | undefined {
    return this.#store.first('gone');
  }

  /** Resolves when all that was set so far survives a kill; with false when the database was closed before it did. */
  committed(): Promise<boolean> {
    return this.#store.committed().then(
      () => true,
      () => false,
    );
  }

  /** All known paths, or those in one state. Receipts may change between two of them. */
  *paths(state?: Receipt['name']): Iterable<string> {
    for (const key of this.#store.keys(state)) if (key !== learnedKey) yield key;
  }

  /** Whether nothing is known of any file: a first start, or the database was lost. */
  get areNew(): boolean {
    for (const _path of this.paths()) return false;
    return true;
  }

  counts(): Readonly<Record<string, number>> {
    return this.#store.counts();
  }

  /** Where outputs go, as far as it was known when that was written down. */
  get learnedPlaces(): LearnedPlaces | undefined {
    return this.#store.get(learnedKey) as LearnedPlaces | undefined;
  }

  set learnedPlaces(places: LearnedPlaces) {
    this.#store.set(learnedKey, places);
  }

  #placed({ name, candidate, returned }: Receipt & { name: 'queued' }): Receipt {
    if (returned && candidate.place !== undefined) return { name, candidate };
    this.#lastPlace += 1;
    return { name, candidate: { ...candidate, place: this.#lastPlace } };
  }
}

// No path below a folder begins with a slash.
const learnedKey = '/learned-places';

function orderOf(receipt: Receipt): number {
  if (receipt.name === 'gone') return receipt.since;
  return 'candidate' in receipt ? (receipt.candidate.place ?? 0) : 0;
}

/** The clock of `performance.now()` is that of one process; a receipt holds the time since 1970. */
function withTimes(receipt: Receipt, convert: (time: number) => number): Receipt {
  if (!('candidate' in receipt)) return receipt;
  const { version } = receipt.candidate;
  const seenAt = convert(version.seenAt);
  const candidate: Candidate = {
    ...receipt.candidate,
    version: { ...version, seenAt } satisfies FileVersion,
  };
  return { ...receipt, candidate };
}

const sinceEpoch = (time: number) => performance.timeOrigin + time;
const inThisProcess = (time: number) => time - performance.timeOrigin;

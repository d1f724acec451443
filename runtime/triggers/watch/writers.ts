import type { FileStates } from './file-state.ts';
import type { OutputPlaces } from './outputs.ts';
import type { Timings } from './timings.ts';

/** Knows which invocations may have written a file that appeared. */
export class Writers {
  readonly #files: FileStates;
  readonly #places: OutputPlaces;
  readonly #timings: Timings;
  /** The files whose function may be writing, or may have been ended before it could list what it wrote. */
  readonly #since = new Map<string, number>();

  constructor({ files, places, timings }: { files: FileStates; places: OutputPlaces; timings: Timings }) {
    this.#files = files;
    this.#places = places;
    this.#timings = timings;
  }

  /** From now on the function may write for this source. */
  began(source: string): void {
    // An earlier, interrupted run of the same source may have written before: the first time counts.
    if (!this.#since.has(source)) this.#since.set(source, performance.now());
    this.#places.began(source);
  }

  /** Its outputs are recorded, or there are none. */
  ended(source: string): void {
    this.#since.delete(source);
  }

  /**
   * Until when a version that was first seen at `seenAt` may be the output of an invocation that is yet to list it:
   * a time on the clock of `performance.now()`, Infinity for until that invocation has ended.
   */
  suspectedUntil(path: string, seenAt: number): number {
    let until = -Infinity;
    for (const [source, since] of this.#since) {
      const state = this.#files.get(source)?.name;
      if (state !== 'running' && state !== 'waiting' && state !== 'queued') {
        // Gone, changed or given up: nobody will list what it wrote.
        this.#since.delete(source);
        continue;
      }
      if (seenAt < since) continue;
      const suspicion = this.#places.suspicion(source, path);
      if (suspicion === 'lasting') return Infinity;
      if (suspicion === 'passing') until = seenAt + this.#timings.doubt;
    }
    return until;
  }
}

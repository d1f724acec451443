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

  /** The function may have been writing for this source when the runtime was killed. */
  mayHaveBegun(source: string): void {
    this.#since.set(source, -Infinity);
    this.#places.began(source);
  }

  /** Its outputs are recorded, or there are none. */
  ended(source: string): void {
    this.#since.delete(source);
  }

  /** An attempt for this source was interrupted: it counts on only if there is to be another. */
  interrupted(source: string): void {
    if (!this.#mayList(source)) this.#since.delete(source);
  }

  /**
   * Until when a version that was first seen at `seenAt` may be the output of an invocation that is yet to list it:
   * a time on the clock of `performance.now()`, Infinity for until the `writer` is over, the source of that invocation.
   */
  suspect(path: string, seenAt: number): { readonly until: number; readonly writer: string | undefined } {
    const doubtful = seenAt + this.#timings.doubt;
    let until = -Infinity;
    // There may be thousands of writers that were interrupted: what costs the least rules out the most.
    for (const [source, since] of this.#since) {
      if (seenAt < since) continue;
      const suspicion = this.#places.suspicion(source, path);
      if (suspicion === 'none') continue;
      if (suspicion === 'passing' && (until === doubtful || doubtful <= performance.now())) continue;
      if (!this.#mayList(source)) this.#since.delete(source);
      else if (suspicion === 'lasting') return { until: Infinity, writer: source };
      else until = doubtful;
    }
    return { until, writer: undefined };
  }

  // Gone, changed or given up: nobody will list what it wrote.
  #mayList(source: string): boolean {
    const state = this.#files.get(source)?.name;
    return state === 'running' || state === 'waiting' || state === 'queued';
  }
}

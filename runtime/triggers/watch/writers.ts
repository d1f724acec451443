import type { FileStates } from './file-state.ts';
import type { OutputPlaces } from './outputs.ts';

/** Knows which invocations may have written a file that appeared. */
export class Writers {
  readonly #files: FileStates;
  readonly #places: OutputPlaces;
  /** The files whose function may be writing, or may have been ended before it could list what it wrote. */
  readonly #since = new Map<string, number>();

  constructor(files: FileStates, places: OutputPlaces) {
    this.#files = files;
    this.#places = places;
  }

  /** From now on the function may write for this source. */
  began(source: string): void {
    // An earlier, interrupted run of the same source may have written before: the first time counts.
    if (!this.#since.has(source)) this.#since.set(source, performance.now());
  }

  /** Its outputs are recorded, or there are none. */
  ended(source: string): void {
    this.#since.delete(source);
  }

  /** Whether a version that was first seen at `seenAt` may be the output of an invocation that is yet to list it. */
  mayHaveWritten(path: string, seenAt: number): boolean {
    for (const [source, since] of this.#since) {
      const state = this.#files.get(source)?.name;
      const isRunning = state === 'running';
      if (!isRunning && state !== 'waiting' && state !== 'queued') {
        // Gone, changed or given up: nobody will list what it wrote.
        this.#since.delete(source);
        continue;
      }
      // Until the function's habits are known, only a running invocation holds others back: a file that has to be
      // tried again must not delay all that land meanwhile.
      if (!isRunning && this.#places.areAnywhere) continue;
      if (since <= seenAt && this.#places.mayHaveWritten(source, path)) return true;
    }
    return false;
  }
}

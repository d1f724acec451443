import type { Worker } from './worker.ts';

/** Workers that wait for something to run. */
export class IdleWorkers {
  /** The most recently used is the last, and taken first, so that one sequential caller keeps to one worker. */
  readonly #workers: Worker[] = [];

  get isEmpty(): boolean {
    return this.#workers.length === 0;
  }

  take(): Worker | undefined {
    return this.#workers.pop();
  }

  /** It has been used. */
  add(worker: Worker): void {
    this.#workers.push(worker);
  }

  /** It has just started: as long as there are others it is not used. */
  addFresh(worker: Worker): void {
    this.#workers.unshift(worker);
  }

  remove(worker: Worker): void {
    const index = this.#workers.indexOf(worker);
    if (index !== -1) this.#workers.splice(index, 1);
  }

  clear(): void {
    this.#workers.length = 0;
  }
}

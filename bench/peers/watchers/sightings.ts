import { wallClock } from '../../functions/_clock.ts';

/** When a watcher told of which file, and those who wait for it. */
export class Sightings {
  readonly #times = new Map<string, number>();
  readonly #waiting = new Map<string, PromiseWithResolvers>();
  #failure: Error | undefined;

  /** Notes that a file has been told of. The first time counts. */
  saw(name: string): void {
    const time = wallClock();
    if (this.#times.has(name)) return;
    this.#times.set(name, time);
    this.#waiting.get(name)?.resolve(time);
  }

  /** The watcher has failed: nobody waits any longer. */
  fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  /** Resolves when the file has been told of, to the time of it. */
  of(name: string): Promise<number> {
    const time = this.#times.get(name);
    if (time !== undefined) return Promise.resolve(time);
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.set(name, { resolve, reject }));
  }
}

interface PromiseWithResolvers {
  resolve(time: number): void;
  reject(error: Error): void;
}

import type { PoolSettings } from '../config/pool-settings.ts';

/** How much a worker has done, and when it is to be replaced for that. */
export class Wear {
  readonly #settings: PoolSettings;
  #ended = 0;
  #memoryMB = 0;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** How many more it may run. */
  get left(): number {
    return Math.min(this.#settings.maxInvocations, mostInvocations) - this.#ended;
  }

  /**
   * So many more have ended, in a process that now has so much memory; `ownLimit` is that of its function, in bytes. Returns why
   * the worker is to be replaced, when it is.
   */
  note(memoryMB: number, ownLimit = Number.POSITIVE_INFINITY, count = 1): string | undefined {
    const { maxMemory } = this.#settings;
    this.#ended += count;
    this.#memoryMB = memoryMB;
    if (this.left <= 0) return `it has run ${this.#ended} invocations`;
    const limitMB = Math.min(maxMemory, ownLimit) / 2 ** 20;
    if (memoryMB > limitMB) return `it has ${memoryMB} MB of memory, its limit is ${Math.round(limitMB)} MB`;
    return undefined;
  }

  /** Whether it may have to be replaced after so many more `invocations`. */
  isNearlyOver(invocations: number): boolean {
    return this.left <= invocations || this.#memoryMB * 2 ** 20 > nearly * this.#settings.maxMemory;
  }
}

/** They are numbered in 32 bits, and many are numbered that will not run there. A worker that always runs has so many in minutes. */
const mostInvocations = 2 ** 29;

/** From this part of `maxMemory` on the next invocation may well be the last. */
const nearly = 0.9;

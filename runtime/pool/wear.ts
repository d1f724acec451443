import type { PoolSettings } from '../config/pool-settings.ts';

/** How much a worker has done, and when it is to be replaced for that. */
export class Wear {
  readonly #settings: PoolSettings;
  #ended = 0;
  #memoryMB = 0;
  #lastEndAt = 0;
  /** From one end to the next, in ms, on the average of the last few. */
  #paceMs = Number.POSITIVE_INFINITY;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** How many more it may run. */
  get left(): number {
    return this.#settings.maxInvocations - this.#ended;
  }

  /**
   * One more has ended, in a process that now has so much memory; `ownLimit` is that of its function, in bytes. Returns why
   * the worker is to be replaced, when it is.
   */
  note(memoryMB: number, ownLimit = Number.POSITIVE_INFINITY): string | undefined {
    const { maxInvocations, maxMemory } = this.#settings;
    this.#ended++;
    this.#memoryMB = memoryMB;
    if (maxInvocations !== Number.POSITIVE_INFINITY) this.#measurePace();
    if (this.left <= 0) return `it has run ${maxInvocations} invocations`;
    const limitMB = Math.min(maxMemory, ownLimit) / 2 ** 20;
    if (memoryMB > limitMB) return `it has ${memoryMB} MB of memory, its limit is ${Math.round(limitMB)} MB`;
    return undefined;
  }

  /** Whether it will have to be replaced within some `ms`, with `inHand` invocations that it has been given. */
  isNearlyOver(ms: number, inHand: number): boolean {
    const { maxMemory } = this.#settings;
    if (this.#memoryMB * 2 ** 20 > nearly * maxMemory) return true;
    const { left } = this;
    return left !== Number.POSITIVE_INFINITY && (left <= inHand || left * this.#paceMs < ms);
  }

  #measurePace(): void {
    const now = performance.now();
    const ms = now - this.#lastEndAt;
    if (this.#lastEndAt > 0)
      this.#paceMs = this.#paceMs === Number.POSITIVE_INFINITY ? ms : this.#paceMs + (ms - this.#paceMs) / 4;
    this.#lastEndAt = now;
  }
}

/** From this part of `maxMemory` on the next invocation may well be the last. */
const nearly = 0.9;

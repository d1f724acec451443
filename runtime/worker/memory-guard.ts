import { parseSize } from '../options/size.ts';
import type { LoadedFunction } from './load.ts';
import { memoryMB } from './memory.ts';

/** A run is ended when its process has this many times the memory it may have. */
export const killFactor = 1.5;

/** What stands where in the memory that is shared with the watchdog. */
export const guardWords = {
  /** 0 between runs, or `dying`. */
  run: 0,
  /** Above how many MB it is ended. */
  killMB: 1,
  /** 0 for none. */
  limitMB: 2,
  /** The smallest that any function has. */
  leastLimitMB: 3,
  /** 1 while the watchdog has to be woken when a run begins. */
  isAsleep: 4,
  /** Always 0, to wait for. */
  nothing: 5,
} as const;

/** In the place of the run, from when the watchdog has decided to end it. */
export const dying = -1;

/**
 * Says what runs and how much memory it may use, where the watchdog can read it, and agrees with it on who is ended: while
 * the watchdog ends this process for the memory of one run, no other one begins.
 */
export class MemoryGuard {
  readonly shared = new SharedArrayBuffer(Object.keys(guardWords).length * Int32Array.BYTES_PER_ELEMENT);
  readonly #words = new Int32Array(this.shared);
  #limitsMB: readonly number[] = [];
  /** Of functions that are not among those that were loaded. */
  #ownMB = 0;
  #limitMB = 0;
  #killMB = 0;

  /** `maxMemory` in bytes holds for functions that set no limit of their own; 0 for none. */
  load(functions: readonly LoadedFunction[], maxMemory: number): void {
    this.#limitsMB = functions.map(({ form }) => (parseSize(form?.config.memory) ?? maxMemory) / 2 ** 20);
    this.#ownMB = maxMemory / 2 ** 20;
    const least = Math.min(...[...this.#limitsMB, this.#ownMB].filter(isLimit), mostMB);
    this.#words[guardWords.leastLimitMB] = Math.ceil(least);
  }

  /** A run of this function begins, now (of performance.now()). */
  begin(run: number, functionIndex: number, now: number): void {
    const limitMB = this.#limitsMB[functionIndex] ?? this.#ownMB;
    // What others left behind is not its doing: it can be blamed for what it adds.
    const killMB = isLimit(limitMB)
      ? Math.max(limitMB * killFactor, memoryMB(now) + limitMB * (killFactor - 1))
      : mostMB;
    if (killMB !== this.#killMB || limitMB !== this.#limitMB) {
      this.#killMB = killMB;
      this.#limitMB = limitMB;
      this.#words[guardWords.killMB] = Math.ceil(killMB);
      this.#words[guardWords.limitMB] = Math.ceil(limitMB);
    }
    // The watchdog sees the others with it.
    this.#change(run);
    if (Atomics.load(this.#words, guardWords.isAsleep) === 1) this.#wakeWatchdog();
  }

  /** The next one begins of those that came together, under the same limit. */
  goOn(run: number): void {
    this.#change(run);
  }

  /** It has ended: what comes after is not its doing. */
  end(): void {
    this.#change(0);
  }

  #change(run: number): void {
    // The end of this process is on its way, and blamed on the run before: nothing more may happen here.
    if (Atomics.exchange(this.#words, guardWords.run, run) === dying)
      Atomics.wait(this.#words, guardWords.nothing, 0);
  }

  #wakeWatchdog(): void {
    Atomics.store(this.#words, guardWords.isAsleep, 0);
    Atomics.notify(this.#words, guardWords.isAsleep);
  }
}

function isLimit(limitMB: number): boolean {
  return limitMB > 0 && limitMB < mostMB;
}

const mostMB = 2 ** 31 - 1;

import { parseSize } from '../options/size.ts';
import type { LoadedFunction } from './load.ts';
import { memoryMB } from './memory.ts';

/** A run is ended when its process has this many times the memory it may have. */
const killFactor = 1.5;

/**
 * Says what runs and how much memory it may use, where the watchdog can read it, and agrees with it on who is ended: while
 * the watchdog ends this process for the memory of one run, no other one begins.
 *
 * Shared 32-bit words: the run, 0 between runs, or `dying`; above how many MB it is ended; its limit in MB, 0 for none.
 */
export class MemoryGuard {
  readonly shared = new SharedArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT);
  readonly #words = new Int32Array(this.shared);
  #limitsMB: readonly number[] = [];
  #limitMB = 0;
  #killMB = 0;

  /** `maxMemory` in bytes holds for functions that set no limit of their own; 0 for none. */
  load(functions: readonly LoadedFunction[], maxMemory: number): void {
    this.#limitsMB = functions.map(({ form }) => (parseSize(form?.config.memory) ?? maxMemory) / 2 ** 20);
  }

  /** A run of this function begins, now (of performance.now()). */
  begin(run: number, functionIndex: number, now: number): void {
    const limitMB = this.#limitsMB[functionIndex] ?? 0;
    const hasLimit = limitMB > 0 && limitMB < mostMB;
    // What others left behind is not its doing: it can be blamed for what it adds.
    const killMB = hasLimit
      ? Math.max(limitMB * killFactor, memoryMB(now) + limitMB * (killFactor - 1))
      : mostMB;
    if (killMB !== this.#killMB || limitMB !== this.#limitMB) {
      this.#killMB = killMB;
      this.#limitMB = limitMB;
      this.#words[1] = Math.ceil(killMB);
      this.#words[2] = Math.ceil(limitMB);
    }
    // The watchdog sees the others with it.
    this.#change(run);
  }

  /** It has ended: what comes after is not its doing. */
  end(): void {
    this.#change(0);
  }

  #change(run: number): void {
    // The end of this process is on its way, and blamed on the run before: nothing more may happen here.
    if (Atomics.exchange(this.#words, 0, run) === dying) Atomics.wait(this.#words, 3, 0);
  }
}

/** In the place of the run, from when the watchdog has decided to end it. */
export const dying = -1;

const mostMB = 2 ** 31 - 1;

import { Speed } from '../output/speed.ts';
import type { FileEnd } from './file-lines.ts';

/** How many files of a trigger are in which state, as `runtime.triggers()` has it. */
export type FileCounts = Readonly<Record<string, number>>;

/** A backlog that is over. */
export interface FinishedBacklog {
  readonly files: number;
  readonly setAside: number;
  readonly durationMs: number;
}

/**
 * Tells when the files of a trigger are so many that a line for each would say nothing, and how far they are then. What
 * has ended is told one by one; how many there are still, now and then.
 */
export class Backlog {
  #isShown = false;
  /** The last time at which there were few. */
  #began: number;
  #manySince: number | undefined;
  #done = 0;
  #setAside = 0;
  #total = 0;
  #speed: Speed;

  /** @param now ms, of `performance.now()` */
  constructor(now: number) {
    this.#began = now;
    this.#speed = new Speed(now);
  }

  /** Whether it is one, and shown as such. */
  get isShown(): boolean {
    return this.#isShown;
  }

  /** Counts from now on. */
  begin(now: number): void {
    this.#isShown = false;
    this.#began = now;
    this.#manySince = undefined;
    this.#done = 0;
    this.#setAside = 0;
    this.#total = 0;
    this.#speed = new Speed(now);
  }

  fileEnded(how: FileEnd): void {
    if (how === 'done') this.#done++;
    else this.#setAside++;
  }

  /** So many files are in these states now. Returns how it was when it is over. */
  look(counts: FileCounts, now: number): FinishedBacklog | undefined {
    const left = leftOf(counts);
    if (!this.#isShown) {
      if (left < fewest) this.begin(now);
      else this.#manySince ??= now;
      if (this.#manySince === undefined || now - this.#manySince < shortestMs) return undefined;
      this.#isShown = true;
    }
    // Few that come later prolong nothing, or a folder in which files land all the time would never be done.
    this.#total = left < fewest ? Math.min(this.#total, this.#ended + left) : this.#ended + left;
    return this.#ended < this.#total ? undefined : this.finish(now);
  }

  /** It is over, for the time being. */
  finish(now: number): FinishedBacklog {
    const finished = {
      files: this.#ended,
      setAside: this.#setAside,
      durationMs: Math.round(now - this.#began),
    };
    this.begin(now);
    return finished;
  }

  /** How far it is. */
  progress(now: number) {
    return {
      ended: this.#ended,
      total: Math.max(this.#ended, this.#total),
      failed: this.#setAside,
      perSecond: this.#speed.perSecond(this.#ended, now),
    };
  }

  get #ended(): number {
    return this.#done + this.#setAside;
  }
}

/** How many files still have to be done something with. */
export function leftOf({ queued = 0, held = 0, running = 0, waiting = 0 }: FileCounts): number {
  return queued + held + running + waiting;
}

// Fewer lines can be read, and what is over sooner needs no line that is drawn again and again.
const fewest = 20;
const shortestMs = 1000;

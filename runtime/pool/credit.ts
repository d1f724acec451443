import type { InlineFunction } from '../invocation/inline-function.ts';

/** What runs: the name of a function of the folder, or one that was given to `runtime.run`. */
export type Runnable = string | InlineFunction;

/**
 * How many invocations of a function a worker may be handed at once, so that it never idles between two short ones.
 * It is earned: a function whose run time is not known, or is no longer far below a round trip, is handed over one at a
 * time. What is handed to a worker should take no longer than `budgetMs`, as it may wait there while another idles.
 */
export class Credit {
  readonly #functions = new Map<string, RunTime>();
  readonly #inline = new WeakMap<InlineFunction, RunTime>();

  /** At least 1. */
  of(fn: Runnable): number {
    const known = this.#runTimeOf(fn);
    if (!known) return 1;
    return known.runMs * most <= budgetMs ? most : Math.max(1, Math.floor(budgetMs / known.runMs));
  }

  /** How many of a function of the folder may travel together, so that they take no longer than `budgetMs`; 1 unless it is short. */
  togetherOf(functionName: string): number {
    const known = this.#functions.get(functionName);
    if (!known || known.runMs * fewestTogether > budgetMs) return 1;
    return Math.min(mostTogether, Math.floor(budgetMs / known.runMs));
  }

  /** An invocation of it took so long. */
  observe(fn: Runnable, ms: number): void {
    const known = this.#runTimeOf(fn);
    if (!known) {
      const first = { lastMs: ms, runMs: ms };
      if (typeof fn === 'string') this.#functions.set(fn, first);
      else this.#inline.set(fn, first);
      return;
    }
    // A single long one says nothing: the machine had something else to do, or garbage was collected.
    const runMs = Math.min(ms, known.lastMs);
    known.lastMs = ms;
    const weight = runMs > known.runMs ? slowerWeight : fasterWeight;
    known.runMs += (runMs - known.runMs) * weight;
  }

  #runTimeOf(fn: Runnable): RunTime | undefined {
    return typeof fn === 'string' ? this.#functions.get(fn) : this.#inline.get(fn);
  }
}

interface RunTime {
  lastMs: number;
  runMs: number;
}

/** In ms. A round trip to a worker takes some 60 µs: with ten of them in hand that is well hidden. */
export const budgetMs = 0.5;

/** The shortest there are take some 2 µs. More in hand brought nothing in the measurements. */
const most = 256;

/** Fewer are not worth it: the others travel one by one, and those go together in one write as well. */
const fewestTogether = 32;
const mostTogether = 2048;

// Down at once, up in steps: what is handed over wrongly waits, what is not is only a little slower.
const slowerWeight = 0.9;
const fasterWeight = 0.25;

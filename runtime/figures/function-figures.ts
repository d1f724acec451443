import type { InvocationStatus } from '../invocation/invocation.ts';
import { type DurationStats, Histogram } from './histogram.ts';

/** How many invocations of a function ended how; `invocations` counts those that have ended. */
export interface FunctionStats {
  invocations: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  timedOut: number;
  crashed: number;
}

/** How long invocations took that ran. With `retry` an invocation counts once, with its last attempt. */
export interface Durations {
  /** Of the function itself. */
  readonly run: DurationStats;
  /** From `invoke` until the function began; the start of a worker is part of it, where there was none. */
  readonly wait: DurationStats;
  /** From `invoke` to the end. */
  readonly total: DurationStats;
}

/** The figures of a function, as `runtime.stats()` lists them. */
export interface FunctionFigures extends Readonly<FunctionStats>, Durations {
  /** How many invocations had to wait for a worker to start. */
  readonly coldStarts: number;
}

/** What is looked at of an invocation that has ended. */
export interface EndedInvocation {
  readonly status: InvocationStatus;
  /** undefined when it never ran. */
  readonly runMs: number | undefined;
  readonly totalMs: number;
  readonly initMs: number;
}

/** Gathers the figures of a function, or those of several by `add`. */
export class FunctionRecorder {
  readonly counts: FunctionStats = {
    invocations: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    timedOut: 0,
    crashed: 0,
  };
  #coldStarts = 0;
  readonly #run = new Histogram();
  readonly #wait = new Histogram();
  readonly #total = new Histogram();

  ended({ status, runMs, totalMs, initMs }: EndedInvocation): void {
    if (status === 'queued' || status === 'running') return;
    this.counts.invocations++;
    this.counts[status]++;
    if (runMs === undefined) return;
    this.#run.record(runMs);
    this.#wait.record(totalMs - runMs);
    this.#total.record(totalMs);
    if (initMs > 0) this.#coldStarts++;
  }

  /** So many have succeeded that took as long as each other. */
  succeeded(count: number, { runMs, totalMs }: { runMs: number; totalMs: number }): void {
    this.counts.invocations += count;
    this.counts.succeeded += count;
    this.#run.record(runMs, count);
    this.#wait.record(Math.max(0, totalMs - runMs), count);
    this.#total.record(totalMs, count);
  }

  add(other: FunctionRecorder): void {
    for (const key of Object.keys(this.counts) as (keyof FunctionStats)[]) {
      this.counts[key] += other.counts[key];
    }
    this.#coldStarts += other.#coldStarts;
    this.#run.add(other.#run);
    this.#wait.add(other.#wait);
    this.#total.add(other.#total);
  }

  /** In how many invocations a worker had to start first. */
  get coldStarts(): number {
    return this.#coldStarts;
  }

  get durations(): Durations {
    return { run: this.#run.stats(), wait: this.#wait.stats(), total: this.#total.stats() };
  }

  get figures(): FunctionFigures {
    return { ...this.counts, coldStarts: this.#coldStarts, ...this.durations };
  }
}

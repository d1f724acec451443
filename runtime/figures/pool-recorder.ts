import { BusyTime, windowStart } from './busy-time.ts';
import { type ExitReason, exitReasons } from './exit-reason.ts';
import { type Durations, type EndedInvocation, FunctionRecorder } from './function-figures.ts';

/** The figures of a pool, as `runtime.stats()` lists them. */
export interface PoolStats extends Durations {
  /** How many workers it has. */
  readonly workers: number;
  readonly queued: number;
  readonly running: number;
  /** Which share of the time its workers were busy in the last minute, from 0 to 1. */
  readonly utilisation: number;
  /** How many invocations had to wait for a worker to start. */
  readonly coldStarts: number;
  /** How many workers were started. */
  readonly starts: number;
  /** How many workers have ended, by reason. */
  readonly exits: Readonly<Record<ExitReason, number>>;
}

/** What is looked at of a worker. All times by performance.now(). */
export interface ObservedWorker {
  /** Infinity until it is. */
  readonly readyAt: number;
  /** What it runs. */
  readonly current: { readonly since: number } | undefined;
}

/** Gathers the figures of a pool. What each invocation costs here is some 50 ns. */
export class PoolRecorder {
  readonly #functions = new Map<string, FunctionRecorder>();
  readonly #busy = new BusyTime();
  /** When workers were there that are gone. */
  #gone: { readonly from: number; readonly to: number }[] = [];
  #starts = 0;
  readonly #exits = Object.fromEntries(exitReasons.map((reason) => [reason, 0])) as Record<
    ExitReason,
    number
  >;

  ended(functionName: string, invocation: EndedInvocation): void {
    this.#recorderOf(functionName).ended(invocation);
  }

  /** So many have succeeded that took as long as each other. */
  succeeded(functionName: string, count: number, times: { runMs: number; totalMs: number }): void {
    this.#recorderOf(functionName).succeeded(count, times);
  }

  /** A worker is free again after a run. */
  ran(durationMs: number, now: number): void {
    this.#busy.add(durationMs, now);
  }

  workerStarted(): void {
    this.#starts++;
  }

  workerEnded({ readyAt, current }: ObservedWorker, reason: ExitReason): void {
    this.#exits[reason]++;
    const now = performance.now();
    if (current) this.#busy.add(now - current.since, now);
    const start = windowStart(now);
    this.#gone = this.#gone.filter(({ to }) => to > start);
    if (readyAt < now) this.#gone.push({ from: readyAt, to: now });
  }

  /** Of a function, as far as it ran in this pool. */
  functionRecorder(name: string): FunctionRecorder | undefined {
    return this.#functions.get(name);
  }

  stats(workers: readonly ObservedWorker[], load: { queued: number; running: number }): PoolStats {
    const all = new FunctionRecorder();
    for (const recorder of this.#functions.values()) all.add(recorder);
    return {
      workers: workers.length,
      ...load,
      utilisation: this.#utilisation(workers),
      coldStarts: all.coldStarts,
      starts: this.#starts,
      exits: { ...this.#exits },
      ...all.durations,
    };
  }

  #recorderOf(functionName: string): FunctionRecorder {
    let recorder = this.#functions.get(functionName);
    if (!recorder) {
      recorder = new FunctionRecorder();
      this.#functions.set(functionName, recorder);
    }
    return recorder;
  }

  #utilisation(workers: readonly ObservedWorker[]): number {
    const now = performance.now();
    const start = windowStart(now);
    let there = 0;
    let busy = this.#busy.total(now);
    for (const { from, to } of this.#gone) there += Math.max(0, to - Math.max(from, start));
    for (const { readyAt, current } of workers) {
      there += Math.max(0, now - Math.max(readyAt, start));
      if (current) busy += now - Math.max(current.since, start);
    }
    return there === 0 ? 0 : Math.min(1, busy / there);
  }
}

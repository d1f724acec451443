import type { Channel } from '../channel/channel.ts';
import type { JournalWriter } from '../channel/journal.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { memoryMB } from './memory.ts';
import type { OutputCount } from './output.ts';

/** Results of runs that came together wait for those behind them until the clock, which counts ms, has gone on so often. */
const longestWaitMs = 1;

/**
 * The results of runs that came together, on their way to be sent together. Each is in the journal before the next run
 * begins, so that the end of this process loses none.
 */
export class Results {
  readonly #channel: Channel<FromWorker, ToWorker>;
  readonly #journal: JournalWriter;
  readonly #output: OutputCount;
  /** Of the first that has not been sent. */
  #run: number;
  /** In JSON. */
  #results: string[] = [];
  #count = 0;
  #areUndefined = false;
  /** When the first of them began, by performance.now(). */
  #since: number;
  // By Date.now(): it is read after each run, and costs half as much as the other clock.
  #sinceMs = Date.now();
  #lastMs = this.#sinceMs;

  /** The first of the runs begins `now`, of performance.now(). */
  constructor(
    run: number,
    now: number,
    to: { channel: Channel<FromWorker, ToWorker>; journal: JournalWriter; output: OutputCount },
  ) {
    this.#run = run;
    this.#since = now;
    this.#channel = to.channel;
    this.#journal = to.journal;
    this.#output = to.output;
  }

  /** The next one has this result; `next` is the run that begins now, if there is one. */
  push(json: string | undefined, next: number | undefined): void {
    const nowMs = Date.now();
    const isUndefined = json === undefined;
    // A long one is told by itself, with its own duration.
    if (nowMs - this.#lastMs > longestWaitMs) this.#add(this.#lastMs - this.#sinceMs);
    else if (isUndefined !== this.#areUndefined) this.add();
    this.#lastMs = nowMs;
    this.#areUndefined = isUndefined;
    if (!isUndefined) this.#results.push(json);
    this.#count++;
    const isDue = nowMs - this.#sinceMs > longestWaitMs;
    if (next === undefined || isDue || !this.#journal.resultAndStarted(json, next)) {
      this.#channel.flush();
      if (next !== undefined) this.#journal.started(next);
    }
  }

  /** Adds what has come to what is sent next. */
  add(): void {
    if (this.#count > 0) this.#add(performance.now() - this.#since);
  }

  /** How long the run has taken that was not pushed, in ms; `add` comes after it. */
  get lastMs(): number {
    return Math.max(0, performance.now() - this.#since - (this.#lastMs - this.#sinceMs));
  }

  /** The next one is told by itself, and then this one begins. */
  skip(next: number | undefined): void {
    this.#channel.flush();
    this.#run++;
    this.#begin();
    if (next !== undefined) this.#journal.started(next);
  }

  #add(durationMs: number): void {
    const [run, count] = [this.#run, this.#count];
    this.#since += durationMs;
    this.#sinceMs = this.#lastMs;
    if (count === 0) return;
    const body = this.#areUndefined ? undefined : `[${this.#results.join()}]`;
    this.#run += count;
    this.#count = 0;
    this.#results = [];
    const output = this.#output.written;
    this.#channel.add({ type: 'results', run, count, durationMs, memoryMB: memoryMB(), output }, body);
  }

  #begin(): void {
    this.#since = performance.now();
    this.#sinceMs = Date.now();
    this.#lastMs = this.#sinceMs;
  }
}

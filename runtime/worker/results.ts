import type { Channel } from '../channel/channel.ts';
import type { ShortResult } from '../channel/journal/short-result.ts';
import type { JournalWriter } from '../channel/journal/writer.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { failurePoint } from './failure-point.ts';
import { memoryMB } from './memory.ts';
import type { OutputCount } from './output.ts';

/** Results of runs that came together wait for those behind them no longer than this. */
const longestWaitMs = 1;

/** The clock is read after so many runs: that costs half as much as a short run. */
const runsPerLook = 16;

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
  /** As long as all are numbers. */
  #numbers: number[] = [];
  /** Else, each in JSON. */
  #texts: string[] | undefined;
  #count = 0;
  #areUndefined = false;
  /** When the first of them began, by performance.now(). */
  #since: number;
  #lookedAt: number;

  /** The first of the runs begins `now`, of performance.now(). */
  constructor(
    run: number,
    now: number,
    to: { channel: Channel<FromWorker, ToWorker>; journal: JournalWriter; output: OutputCount },
  ) {
    this.#run = run;
    this.#since = now;
    this.#lookedAt = now;
    this.#channel = to.channel;
    this.#journal = to.journal;
    this.#output = to.output;
  }

  /** The next one has this result; `next` is the run that begins now, if there is one. Returns whether all was sent. */
  push(result: ShortResult, next: number | undefined): boolean {
    const isUndefined = result === undefined;
    if (isUndefined !== this.#areUndefined) this.add();
    this.#areUndefined = isUndefined;
    if (typeof result === 'number' && !this.#texts) this.#numbers.push(result);
    else if (!isUndefined) this.#pushText(String(result));
    this.#count++;
    if (next !== undefined && !this.#isDue && this.#journal.resultAndStarted(result, next)) return false;
    this.#flush();
    if (next !== undefined) this.#journal.started(next);
    return true;
  }

  /** Adds what has come to what is sent next. */
  add(): void {
    const [run, count] = [this.#run, this.#count];
    if (count === 0) return;
    const now = performance.now();
    const durationMs = now - this.#since;
    const body = this.#areUndefined ? undefined : this.#json();
    this.#run += count;
    this.#count = 0;
    this.#numbers = [];
    this.#texts = undefined;
    this.#since = now;
    this.#lookedAt = now;
    const output = this.#output.written;
    this.#channel.add({ type: 'results', run, count, durationMs, memoryMB: memoryMB(now), output }, body);
  }

  /** How long the run has taken that was not pushed, in ms, with some short ones before it; `add` comes after it. */
  get lastMs(): number {
    return performance.now() - this.#lookedAt;
  }

  /** The next one is told by itself, and then this one begins. */
  skip(next: number | undefined): void {
    this.#flush();
    this.#run++;
    this.#since = performance.now();
    this.#lookedAt = this.#since;
    if (next !== undefined) this.#journal.started(next);
  }

  #flush(): void {
    failurePoint?.('togetherUnsent');
    this.#channel.flush();
    failurePoint?.('togetherSent');
  }

  #pushText(json: string): void {
    this.#texts ??= this.#numbers.map(String);
    this.#texts.push(json);
  }

  #json(): string {
    // In less than half the time that a text for each takes.
    return this.#texts ? `[${this.#texts.join()}]` : JSON.stringify(this.#numbers);
  }

  get #isDue(): boolean {
    if (this.#count % runsPerLook !== 0) return false;
    this.#lookedAt = performance.now();
    return this.#lookedAt - this.#since > longestWaitMs;
  }
}

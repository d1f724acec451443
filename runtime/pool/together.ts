import type { EncodedValue } from '../channel/codec.ts';
import { readBody } from '../channel/from-worker.ts';
import type { JournalContent, JournalReader } from '../channel/journal/reader.ts';
import type { FromWorker } from '../channel/messages.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { RunEnd, Turn } from './turn.ts';
import type { Turns } from './turns.ts';

/** The message with which a worker says that several runs have ended. */
export type Results = Extract<FromWorker, { type: 'results' }>;

/**
 * What only one of those that came together can have sent, behind the results of those before it. Not `left`: that may be
 * said of all of them.
 */
export const concernsOne: ReadonlySet<FromWorker['type']> = new Set([
  'succeeded',
  'failed',
  'progress',
  'log',
  'call',
  'cancelCall',
  'shared',
]);

export interface TogetherOptions {
  /** What is in the hands of the worker. */
  readonly turns: Turns;
  readonly journal: JournalReader;
  /** So many of those that this record stands for have succeeded, and took so long together. */
  onResults(record: InvocationRecord, count: number, durationMs: number): void;
  /** These have been made of this one, which stood for all of them. */
  onSplit(record: InvocationRecord, records: readonly InvocationRecord[]): void;
  /** This one runs now, in the place of the one that stood for it and others. */
  onCurrent(turn: Turn, now: number): void;
}

/** The invocations that came to a worker together, of which one turn stands for all until it is split. */
export class Together {
  readonly #options: TogetherOptions;
  /** What `runsSince` has seen. */
  #seen = { run: 0, at: 0 };

  constructor(options: TogetherOptions) {
    this.#options = options;
  }

  /** Since when the run has gone on that was begun last of them, as far as it was looked at; `now` for now. */
  runsSince(now: number): number {
    const run = this.#options.journal.startedTogether;
    if (run !== this.#seen.run) this.#seen = { run, at: now };
    return this.#seen.at;
  }

  /** What this record stands for is on its way one by one from now on: returns what has not ended. */
  split(record: InvocationRecord): readonly InvocationRecord[] {
    const { turns, journal } = this.#options;
    const turn = turns.of(record);
    return turn ? this.splitTurn(turn, journal.read().ends) : [];
  }

  /** What a worker tells of one of them comes after the results of those before it. */
  splitCurrent(): void {
    const { current } = this.#options.turns;
    if (current?.record.chunk) this.splitTurn(current);
  }

  /**
   * While results wait for what was printed before them, what is told of one that came with others can be of those behind.
   * A run that is among none of them tells nothing of the others: the journal may have ends that were heard of before.
   */
  splitFor(message: FromWorker): void {
    if ('run' in message) {
      const turn = this.#options.turns.togetherWith(message.run);
      if (turn) this.splitTurn(turn);
    } else {
      this.splitCurrent();
    }
  }

  /** The same; `ends` are those that were not heard of, from the journal. */
  splitTurn(together: Turn, ends: JournalContent['ends'] = []): readonly InvocationRecord[] {
    const { turns, onResults, onSplit, onCurrent } = this.#options;
    const { record } = together;
    const { chunk } = record;
    if (!chunk) return [];
    const isCurrent = together === turns.current;
    const now = performance.now();
    const results = unheardOf(together, ends);
    if (results.length > 0) {
      chunk.succeed(results);
      onResults(record, results.length, now - together.since);
    }
    const records = chunk.split(record);
    turns.split(together, records);
    onSplit(record, records);
    const { current } = turns;
    // None is left of those that were ended with the runtime.
    if (isCurrent && current && records.length > 0) {
      current.since = now;
      onCurrent(current, now);
    }
    return records;
  }

  /** The turn that these results are of; undefined when it has been split since. */
  turnOf({ run, count }: Results): Turn | undefined {
    const turn = this.#options.turns.current;
    const chunk = turn?.record.chunk;
    return chunk && run === turn.run + chunk.settled && count <= chunk.left ? turn : undefined;
  }

  /** The same results as the end of each run, when they are of runs that go one by one now. */
  *endsOfEach(message: Results, results: readonly unknown[]): ReturnType<typeof endsOf> {
    this.splitCurrent();
    const { current } = this.#options.turns;
    const firstMs = current?.run === message.run ? performance.now() - current.since : 0;
    yield* endsOf(message, results, firstMs);
  }
}

/** Results as the end of each run. The first has taken `firstMs`: it was long, or they would not have been split. */
function* endsOf(
  { run, count, durationMs, memoryMB, output }: Results,
  results: readonly unknown[],
  firstMs: number,
): Generator<[RunEnd, EncodedValue | undefined]> {
  const mean = Math.max(0, durationMs - firstMs) / count;
  for (const [index, result] of results.entries()) {
    const body = result === undefined ? undefined : JSON.stringify(result);
    const ms = index === 0 ? firstMs : mean;
    yield [{ type: 'succeeded', run: run + index, durationMs: ms, memoryMB, output }, body];
  }
}

/** The results in the journal of those of a turn that have ended, and were not heard of: the next ones, in their order. */
function unheardOf({ run, record: { chunk } }: Turn, ends: JournalContent['ends']): unknown[] {
  const results: unknown[] = [];
  if (!chunk) return results;
  const first = run + chunk.settled;
  for (const { message, body } of ends) {
    if (message.type !== 'succeeded' || message.run < first) continue;
    if (message.run !== first + results.length || results.length === chunk.left) break;
    try {
      results.push(body === undefined ? undefined : readBody(body));
    } catch {
      break; // nobody but the worker can have written it: what it says is not believed
    }
  }
  return results;
}

/** What a worker tells of invocations that came to it together, as that of each. */
import type { EncodedValue } from '../channel/codec.ts';
import { readBody } from '../channel/from-worker.ts';
import type { JournalContent } from '../channel/journal.ts';
import type { FromWorker } from '../channel/messages.ts';
import type { RunEnd, Turn } from './turn.ts';

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

/** The same as the end of each run. The first has taken `firstMs`: it was long, or they would not have been split. */
export function* endsOf(
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
export function unheardOf({ run, record: { chunk } }: Turn, ends: JournalContent['ends']): unknown[] {
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

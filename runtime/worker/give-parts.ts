import { UnserializableError } from '../channel/structured.ts';
import { expectedText } from '../options/expected.ts';
import { type Ending, failed } from './ending.ts';
import type { PartSender } from './part-sender.ts';
import type { PartIterator } from './parts-of.ts';
import { isThenable } from './thenable.ts';

/** What has to be known of the run. */
interface Run {
  readonly isAborted: boolean;
  readonly abortReason: unknown;
}

/** Sends each part that the iterator gives; the run returns what the iterator does. */
export async function sendParts(iterator: PartIterator, run: Run, sender: PartSender): Promise<Ending> {
  const ending = await giveEach(iterator, run, (part) => sender.send(part));
  // Before the end of the run: that may be in the journal alone, which has no parts.
  sender.flush();
  return ending;
}

/** The run returns the parts as one list. */
export async function collectParts(iterator: PartIterator, run: Run): Promise<Ending> {
  const parts: unknown[] = [];
  const ending = await giveEach(iterator, run, (part) => {
    parts.push(part);
    return undefined;
  });
  return ending.kind === 'returned' ? { kind: 'returned', value: parts } : ending;
}

/**
 * As `for await` does it, but for an iterator that isn't asynchronous, which goes on in the same turn. `take` may give a
 * promise of when to go on.
 */
async function giveEach(
  iterator: PartIterator,
  run: Run,
  take: (part: unknown) => Promise<void> | undefined,
): Promise<Ending> {
  for (;;) {
    let part: unknown;
    try {
      const next = iterator.next();
      const step = stepOf(isThenable(next) ? await next : next);
      if (step.done) return { kind: 'returned', value: step.value };
      part = step.value;
    } catch (thrown) {
      return failed('threw', thrown);
    }
    let failure: Ending;
    try {
      if (isThenable(part)) part = await part;
      const isFree = run.isAborted ? undefined : take(part);
      if (isFree) await isFree;
      if (!run.isAborted) continue;
      failure = failed('threw', run.abortReason);
    } catch (thrown) {
      failure = failed(thrown instanceof UnserializableError ? 'unserializable' : 'threw', thrown);
    }
    await close(iterator);
    return failure;
  }
}

function stepOf(step: unknown): IteratorResult<unknown, unknown> {
  if (typeof step === 'object' && step !== null) return step as IteratorResult<unknown, unknown>;
  throw new TypeError(expectedText('`next` of what the function returned to give an object', step));
}

/** Has the function's `finally` run. Why it is closed is told, and not what that throws as well. */
async function close(iterator: PartIterator): Promise<void> {
  try {
    await iterator.return?.();
  } catch {}
}

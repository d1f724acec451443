import type { Lease } from '../channel/arena.ts';
import { type EncodedValue, encodeValue } from '../channel/codec.ts';
import type { FromWorker } from '../channel/messages.ts';
import type { PoolError } from '../errors/pool-errors.ts';
import { errorOf, type Failure, type Outcome } from '../invocation/outcome.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { StreamRun } from './stream-run.ts';

/** The message with which a worker says that a run has ended. */
export type RunEnd = Extract<FromWorker, { type: 'succeeded' | 'failed' }>;

/** How an invocation can end before its function has. */
export type EarlyOutcome = Extract<Outcome, { kind: 'timedOut' | 'cancelled' | 'refused' }>;

/** An invocation in the hands of a worker: the one that runs, or one that was handed ahead and is queued still. */
export interface Turn {
  readonly record: InvocationRecord;
  /** Its number in this worker. */
  readonly run: number;
  /** Infinity without one. */
  readonly timeoutMs: number;
  /** Of what the worker reads its arguments from, until it has ended. */
  lease: Lease | undefined;
  /** When its parts are read. */
  stream: StreamRun | undefined;
  /** When it became the worker's to run, by performance.now(). */
  since: number;
}

export function outcomeOf(message: RunEnd, body: EncodedValue | undefined): Outcome {
  return message.type === 'succeeded'
    ? { kind: 'succeeded', body }
    : { kind: 'failed', failure: message.kind, path: message.path, body };
}

/** Its error for a worker: what the function finds in `ctx.signal.reason`, or what its `ctx.invoke` rejects with. */
export function encodeFailure(failure: Failure, { title: functionName, id }: InvocationRecord): EncodedValue {
  const error = errorOf(failure, functionName, id) as PoolError;
  try {
    return encodeValue(error);
  } catch {
    // A reason of the caller that can't be sent: its text can.
    const { message, name, code } = error;
    return encodeValue(Object.assign(new Error(message), { name, code, functionName, invocationId: id }));
  }
}

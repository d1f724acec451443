import type { JournalContent } from '../channel/journal/reader.ts';
import type { ExitReason } from '../figures/exit-reason.ts';
import type { Worker } from './worker.ts';

/** Why a worker has ended, for the figures. */
export function exitReasonOf(worker: Worker, { overrun }: JournalContent): ExitReason {
  const { current, endCause, readyAt } = worker;
  if (endCause) return endCause;
  if (current && overrun?.run === current.run) return 'overMemory';
  // What it ran was given up before: it was killed for that.
  const status = current?.record.status;
  if (status === 'timedOut' || status === 'cancelled') return status;
  return readyAt === Number.POSITIVE_INFINITY ? 'notStarted' : 'crashed';
}

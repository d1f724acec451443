import type { JournalContent } from '../channel/journal/reader.ts';
import type { Logger } from '../config/logger.ts';
import { describeExit, lastWords, type WorkerExit } from '../invocation/outcome.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import { fieldsOf, titleOf } from './output.ts';
import type { Worker } from './worker.ts';

/**
 * After the end of a worker: of what was in its hands exactly the one that ran fails, and what it had not begun is as if it
 * had never been handed out.
 */
export function settleCrash(
  worker: Worker,
  exit: WorkerExit,
  { started, overrun }: JournalContent,
  log: Logger,
): void {
  for (const { record, run } of worker.turns) {
    if (record.hasEnded) continue;
    if (started !== undefined && started < run && !isGone(record)) {
      // It died before it began with this one: nobody can tell that it was ever handed out.
      record.putBack();
      continue;
    }
    const { title, id } = record;
    const isOverrun = overrun?.run === run;
    const how = isOverrun ? `was ended for its memory of ${overrun.usedMB} MB` : describeExit(exit);
    log.error(
      { ...fieldsOf(worker), function: title, invocation: id, ...exit },
      `${titleOf(worker)} ${how} while it ran ${title}.${lastWords(exit)}`,
    );
    if (isOverrun) record.end({ kind: 'outOfMemory', ...overrun }, overrun.usedMB);
    else record.end({ kind: 'crashed', exit }, worker.memoryMB);
  }
}

/** Whether its arguments were moved to a worker: then no other one can run it. */
function isGone({ request }: InvocationRecord): boolean {
  return typeof request?.args === 'object' && request.args.isGone === true;
}

import type { FromWorker } from '../channel/messages.ts';
import type { Logger } from '../config/logger.ts';
import { defaultPool } from '../config/pool-settings.ts';
import { describeExit, lastWords, type WorkerExit } from '../invocation/outcome.ts';
import type { Speaker } from './turns.ts';
import type { Worker } from './worker.ts';

/** Logs a line that a worker wrote, with the invocation that it was running. */
export function logLine(log: Logger, worker: Worker, stream: 'stdout' | 'stderr', line: string): void {
  const fields = { worker: worker.id, stream, ...invocationOf(worker.current?.record) };
  if (stream === 'stdout') log.info(fields, line);
  else log.warn(fields, line);
}

/** Logs what a function said through `ctx.log`. */
export function logFromWorker(
  log: Logger,
  worker: Worker,
  { run, level, message }: Extract<FromWorker, { type: 'log' }>,
  own: unknown,
): void {
  const fields = {
    worker: worker.id,
    ...invocationOf(worker.speakerOf(run)),
    ...(typeof own === 'object' ? own : {}),
  };
  log[level](fields, message);
}

/** Logs that a worker has ended: what was asked for, or told to a caller, is no news. */
export function logEnd(log: Logger, worker: Worker, exit: WorkerExit): void {
  const fields = { ...fieldsOf(worker), ...exit };
  const name = titleOf(worker);
  if (worker.endReason) log.debug(fields, `${name} has ended: ${worker.endReason}`);
  else if (worker.current) log.debug(fields, `${name} ${describeExit(exit)}`);
  else {
    const isReady = worker.readyAt !== Number.POSITIVE_INFINITY;
    const wasStarted = exit.exitCode !== null || exit.signal !== null;
    const when = isReady ? ' while it was idle' : wasStarted ? ' while it started' : '';
    log.warn(fields, `${name} ${describeExit(exit)}${when}.${lastWords(exit)}`);
  }
}

/** What a log calls a worker. */
export function titleOf({ id, pool, pid, threadId }: Worker): string {
  const of = pool === defaultPool ? '' : ` of the pool "${pool}"`;
  // One that could not be started is neither a process nor a thread.
  const where = threadId !== undefined ? ` (thread ${threadId})` : pid !== undefined ? ` (pid ${pid})` : '';
  return `worker ${id}${of}${where}`;
}

/** What a line about a worker has beside its text. */
export function fieldsOf({ id, pid, pool }: Worker): object {
  return { worker: id, workerPid: pid, pool };
}

function invocationOf(speaker: Speaker | undefined): object {
  return speaker ? { function: speaker.title, invocation: speaker.invocationId.text } : {};
}

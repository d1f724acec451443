import { decodeValue } from '../channel/codec.ts';
import type { Envelope, FromWorker } from '../channel/messages.ts';
import type { Logger } from '../config/logger.ts';
import type { Worker } from './worker.ts';

/** Logs a line that a worker wrote, with the invocation that it was running. */
export function logLine(log: Logger, worker: Worker, stream: 'stdout' | 'stderr', line: string): void {
  const fields = { worker: worker.id, stream, ...invocationOf(worker) };
  if (stream === 'stdout') log.info(fields, line);
  else log.warn(fields, line);
}

/** Logs what a function said through `ctx.log`. */
export function logFromWorker(
  log: Logger,
  worker: Worker,
  { message, body }: Envelope<Extract<FromWorker, { type: 'log' }>>,
): void {
  const own = body && decodeValue(body);
  const fields = { worker: worker.id, ...invocationOf(worker), ...(typeof own === 'object' ? own : {}) };
  log[message.level](fields, message.message);
}

function invocationOf({ execution }: Worker): object {
  return execution ? { function: execution.record.functionName, invocation: execution.record.id } : {};
}

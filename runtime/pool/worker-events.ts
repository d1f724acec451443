import type { EncodedValue } from '../channel/codec.ts';
import type { JournalContent } from '../channel/journal/reader.ts';
import type { FromWorker, FunctionDescriptor } from '../channel/messages.ts';
import type { WorkerExit } from '../invocation/outcome.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { Arbiter } from '../shared/arbiter/arbiter.ts';
import type { Worker } from './worker.ts';

/** What a worker tells its fleet. */
export interface WorkerEvents {
  onReady(worker: Worker, descriptors: readonly FunctionDescriptor[]): void;
  /** The worker of this number begins with it. */
  onStarted(record: InvocationRecord, worker: number): void;
  /** A run took so long; its caller may have been settled before. */
  onFinished(record: InvocationRecord, durationMs: number): void;
  /** So many of those that this record stands for have succeeded, and took so long together. */
  onResults(record: InvocationRecord, count: number, durationMs: number): void;
  /** These have been made of the one that stood for them, and are in the hands of the worker. */
  onSplit(records: readonly InvocationRecord[]): void;
  /** It has one less in its hands, maybe none: unless it is `draining` it can take another one. */
  onFree(worker: Worker): void;
  /** These were handed to it, and it will not begin them: what of them has not ended is to run elsewhere, in this order. */
  onReturned(records: readonly InvocationRecord[]): void;
  /** What it runs asks for an invocation of its own, with these arguments and options. */
  onCall(child: InvocationRecord, args: EncodedValue, options: Readonly<Record<string, unknown>>): void;
  /** What it runs, of this function, waits from now on: for such invocations, whoever reads its parts, or what is shared. */
  onWaits(worker: Worker, functionName: string): void;
  /** It waits for none of those any more. */
  onGoesOn(functionName: string): void;
  /** Who has what workers share. */
  readonly arbiter: Arbiter;
  /** It has had nothing to do for as long as `watchIdleness` said. */
  onIdle(worker: Worker): void;
  onExit(worker: Worker, exit: WorkerExit, journal: JournalContent): void;
  onLine(worker: Worker, stream: 'stdout' | 'stderr', line: string): void;
  /** A line of `ctx.log`, with the fields that it was given. */
  onLog(worker: Worker, line: Extract<FromWorker, { type: 'log' }>, fields: unknown): void;
}

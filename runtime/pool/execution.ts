import { encodeValue } from '../channel/codec.ts';
import type { Envelope, FromWorker } from '../channel/messages.ts';
import { isLimit, startTimer } from '../config/timer.ts';
import { errorOf, type Outcome } from '../invocation/outcome.ts';
import type { InvocationRecord, Request } from '../invocation/record.ts';
import type { WorkerProcess } from './worker-process.ts';

type End = Extract<FromWorker, { type: 'succeeded' | 'failed' }>;
type EarlyEnd = Extract<Outcome, { kind: 'timedOut' | 'cancelled' | 'refused' }>;

/**
 * An invocation in a worker. The caller may be settled before the function has ended, by a timeout or a cancel; the
 * worker stays taken until the function has ended too, or has been killed: the signal at once, SIGTERM after
 * `killGraceMs`, SIGKILL after twice that.
 */
export class Execution {
  readonly record: InvocationRecord;
  readonly run: number;
  readonly #process: WorkerProcess;
  readonly #killGraceMs: number;
  readonly #memoryMB: () => number;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    record: InvocationRecord;
    request: Request;
    run: number;
    process: WorkerProcess;
    functionIndex: number;
    timeoutMs: number;
    killGraceMs: number;
    /** What is known of the worker's memory. */
    memoryMB: () => number;
  }) {
    const { record, request, run, timeoutMs } = options;
    this.record = record;
    this.run = run;
    this.#process = options.process;
    this.#killGraceMs = options.killGraceMs;
    this.#memoryMB = options.memoryMB;
    this.#process.send(
      {
        type: 'run',
        run,
        functionIndex: options.functionIndex,
        invocationId: record.id,
        attempt: record.attempt,
        timeoutMs: isLimit(timeoutMs) ? timeoutMs : 0,
        cwd: request.cwd,
      },
      request.args,
    );
    this.#timer = startTimer(() => this.abandon({ kind: 'timedOut', timeoutMs }), timeoutMs);
  }

  /** Settles the caller now and sees to it that the function ends as well. */
  abandon(outcome: EarlyEnd): void {
    if (this.record.hasEnded) return;
    const reason = abortReason(outcome, this.record);
    clearTimeout(this.#timer);
    this.#process.send({ type: 'abort', run: this.run }, reason);
    this.#timer = startTimer(() => {
      this.#process.kill('SIGTERM');
      this.#timer = startTimer(() => this.#process.kill('SIGKILL'), this.#killGraceMs);
    }, this.#killGraceMs);
    this.record.end(outcome, this.#memoryMB());
  }

  /** The function has ended: its time can't run out any more while the last of its output is read. */
  functionEnded(run: number): void {
    if (run === this.run) clearTimeout(this.#timer);
  }

  /** Its result, and everything it printed before, is here. */
  finish({ message, body }: Envelope<End>): void {
    clearTimeout(this.#timer);
    const outcome: Outcome =
      message.type === 'succeeded'
        ? { kind: 'succeeded', body }
        : { kind: 'failed', failure: message.kind, path: message.path, body };
    this.record.end(outcome, message.memoryMB);
  }

  /** The worker is gone; what becomes of the record is decided by who knows why. */
  stopTimers(): void {
    clearTimeout(this.#timer);
  }
}

/** What the function finds in `ctx.signal.reason`. */
function abortReason(outcome: EarlyEnd, { functionName, id }: InvocationRecord) {
  const error = errorOf(outcome, functionName, id);
  try {
    return encodeValue(error);
  } catch {
    // A reason of the caller that can't be sent: its text can.
    return encodeValue(new Error(error.message));
  }
}

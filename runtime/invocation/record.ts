import { decodeValue, type EncodedValue } from '../channel/codec.ts';
import { SerializationError } from './errors.ts';
import type { InvocationReport, InvocationStatus, Priority } from './invocation.ts';
import { errorOf, type Outcome } from './outcome.ts';
import { ProgressLog } from './progress.ts';

/** What is asked of one invocation. */
export interface Request {
  readonly args: EncodedValue;
  readonly priority: Priority;
  readonly cwd: string;
  /** The caller's own timeout in ms; undefined: the function's. */
  readonly timeoutMs: number | undefined;
}

const statusOf: Record<Outcome['kind'], InvocationStatus> = {
  succeeded: 'succeeded',
  failed: 'failed',
  timedOut: 'timedOut',
  cancelled: 'cancelled',
  crashed: 'crashed',
  refused: 'failed',
};

/** Who runs records: a pool. */
export interface Destination {
  submit(record: InvocationRecord): void;
  cancel(record: InvocationRecord, reason: unknown): void;
  /** Told of each that ends, whether or not it was submitted, before its caller is. */
  ended(record: InvocationRecord): void;
}

/**
 * One invocation on its way through the system. Its state goes `queued → running → ended` through `start` and `end`,
 * and back to `queued` only through `putBack`; `end` settles the caller exactly once.
 */
export class InvocationRecord {
  readonly id: string;
  readonly functionName: string;
  readonly attempt = 1;
  /** What was asked, until the end: its worker may die before it has begun. */
  request: Request | undefined;
  status: InvocationStatus = 'queued';

  readonly submittedAt = performance.now();
  /** Where it was sent; before that there is nothing to cancel. */
  destination: Destination | undefined;
  /** Whether the destination has taken it on: one that was refused, or cancelled before, it has nothing to do with. */
  isAccepted = false;
  /** Its neighbours in a queue, and nobody else's to touch; see queue.ts. */
  previous: InvocationRecord | undefined;
  next: InvocationRecord | undefined;

  #startedAt: number | undefined;
  #endedAt: number | undefined;
  #durationMs: number | undefined;
  #memoryMB = 0;
  #initMs = 0;
  #worker = 0;
  #resolve: (value: unknown) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #progress: ProgressLog | undefined;
  #onEnd: ((record: InvocationRecord) => void) | undefined;

  constructor(id: string, functionName: string) {
    this.id = id;
    this.functionName = functionName;
  }

  prepare(request: Request): void {
    this.request = request;
  }

  bind(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get hasEnded(): boolean {
    return this.status !== 'queued' && this.status !== 'running';
  }

  /** Calls back when it has ended, before the caller's promise settles. */
  whenEnded(listener: (record: InvocationRecord) => void): void {
    this.#onEnd = listener;
  }

  cancel(reason: unknown): void {
    if (!this.hasEnded) this.destination?.cancel(this, reason);
  }

  /** A worker begins with it, now (of performance.now()). `initMs` is what of the wait was the start of that worker. */
  start(worker: number, initMs: number, now: number): void {
    this.status = 'running';
    this.#startedAt = now;
    this.#worker = worker;
    this.#initMs = initMs;
  }

  /** The worker died before it began: nothing has happened yet. */
  putBack(): void {
    this.status = 'queued';
    this.#startedAt = undefined;
  }

  /** Its figures once it has ended; undefined before, and when it never ran. */
  get report(): InvocationReport | undefined {
    if (this.#endedAt === undefined || this.#startedAt === undefined) return undefined;
    const durationMs = this.#durationMs ?? this.#endedAt - this.#startedAt;
    return {
      durationMs,
      queueMs: Math.max(0, this.#endedAt - this.submittedAt - durationMs - this.#initMs),
      initMs: this.#initMs,
      memoryMB: this.#memoryMB,
      worker: this.#worker,
    };
  }

  reportProgress(body: EncodedValue): void {
    if (!this.hasEnded) this.#progressLog.push(decodeValue(body));
  }

  readProgress(): AsyncIterable<unknown> {
    return this.#progressLog;
  }

  get #progressLog(): ProgressLog {
    if (!this.#progress) {
      this.#progress = new ProgressLog();
      if (this.hasEnded) this.#progress.end();
    }
    return this.#progress;
  }

  /** Ends it; what comes after the first end is discarded. `memoryMB` and `durationMs` are the worker's. */
  end(outcome: Outcome, memoryMB = 0, durationMs?: number): void {
    if (this.hasEnded) return;
    this.status = statusOf[outcome.kind];
    this.request = undefined;
    this.#endedAt = performance.now();
    this.#memoryMB = memoryMB;
    this.#durationMs = durationMs;
    this.#onEnd?.(this);
    this.destination?.ended(this);
    if (outcome.kind === 'succeeded') this.#succeed(outcome.body);
    else this.#reject(errorOf(outcome, this.functionName, this.id));
    this.#progress?.end();
  }

  #succeed(body: EncodedValue | undefined): void {
    let value: unknown;
    try {
      value = body && decodeValue(body);
    } catch (error) {
      this.status = 'failed';
      const place = { functionName: this.functionName, invocationId: this.id, path: 'result' };
      const why = error instanceof Error ? error.message : String(error);
      this.#reject(
        new SerializationError(`The result of "${this.functionName}" could not be read: ${why}`, place),
      );
      return;
    }
    this.#resolve(value);
  }
}

import type { Arena } from '../channel/arena.ts';
import { decodeValue, type EncodedValue, letGo } from '../channel/codec.ts';
import type { InvocationId } from '../channel/invocation-id.ts';
import type { Chunk } from './chunk.ts';
import type { InlineFunction } from './inline-function.ts';
import type { InvocationReport, InvocationStatus, Priority } from './invocation.ts';
import { errorOf, type Failure, type Outcome, unreadableResult } from './outcome.ts';
import type { PartQueue } from './part-queue.ts';
import { ProgressLog } from './progress.ts';
import type { RetryPolicy } from './retry.ts';

/** What is asked of one invocation. */
export interface Request {
  readonly args: EncodedValue;
  readonly priority: Priority;
  readonly cwd: string;
  /** The caller's own timeout in ms; undefined: the function's. */
  readonly timeoutMs: number | undefined;
  /** The caller's own; undefined: the function's. */
  readonly retry: RetryPolicy | undefined;
}

/** What an invocation that a function has made inherits. */
export interface Nesting {
  readonly parent: InvocationRecord;
  /** 1 for what was called by an invocation that was not nested itself. */
  readonly depth: number;
  /** When the parent times out, by performance.now(). */
  readonly deadlineAt: number;
}

const statusOf: Record<Outcome['kind'], InvocationStatus> = {
  succeeded: 'succeeded',
  failed: 'failed',
  timedOut: 'timedOut',
  cancelled: 'cancelled',
  crashed: 'crashed',
  outOfMemory: 'crashed',
  refused: 'failed',
};

/** Who runs records: a pool. */
export interface Destination {
  /** What its workers can read large arguments from. */
  readonly arena: Arena | undefined;
  submit(record: InvocationRecord): void;
  cancel(record: InvocationRecord, reason: unknown): void;
  /** Takes on the next attempt of one that failed so, and returns undefined; or returns how it ends. */
  retry(record: InvocationRecord, failure: Failure): Failure | undefined;
  /** Told of each that ends, whether or not it was submitted, before its caller is. */
  ended(record: InvocationRecord): void;
}

/**
 * One invocation on its way through the system. Its state goes `queued → running → ended` through `start` and `end`,
 * and back to `queued` only through `putBack`; `end` settles the caller exactly once. With `retry` each attempt is a
 * record of its own, as the function may go on after its attempt was given up: the first is the one that the caller
 * knows, the `latest` has the caller to settle.
 */
export class InvocationRecord {
  readonly invocationId: InvocationId;
  /** By what it is queued and counted; `title` is what people see. */
  readonly functionName: string;
  /** Of `runtime.run`: what it runs in place of a function of the folder. */
  readonly inline: InlineFunction | undefined;
  attempt = 1;
  /** What was asked, until the end: its worker may die before it has begun. */
  request: Request | undefined;
  status: InvocationStatus = 'queued';

  submittedAt = performance.now();
  nesting: Nesting | undefined;
  /** What its function has invoked and waits for: it ends when this does. */
  children: Set<InvocationRecord> | undefined;
  /** Where its result goes when that is read part by part. */
  parts: PartQueue | undefined;
  /** When it stands for several. */
  chunk: Chunk | undefined;
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
  #resolve: ((value: unknown) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #progress: ProgressLog | undefined;
  #onEnd: ((record: InvocationRecord) => void) | undefined;
  #receiver: ((outcome: Outcome, record: InvocationRecord) => void) | undefined;
  /** The first attempt, and in that one the last. */
  #first: InvocationRecord | undefined;
  #latest: InvocationRecord | undefined;
  /** The figures of the attempt before. */
  #before: InvocationReport | undefined;

  constructor(invocationId: InvocationId, functionName: string, inline?: InlineFunction) {
    this.invocationId = invocationId;
    this.functionName = functionName;
    this.inline = inline;
  }

  /** What people see as the name of its function. */
  get title(): string {
    return this.inline?.name ?? this.functionName;
  }

  /** As people see it. */
  get id(): string {
    return this.invocationId.text;
  }

  prepare(request: Request): void {
    this.request = request;
  }

  bind(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Gives the outcome as it is, to pass on, in place of settling a promise with its value. */
  receive(receiver: (outcome: Outcome, record: InvocationRecord) => void): void {
    this.#receiver = receiver;
  }

  get hasEnded(): boolean {
    return this.status !== 'queued' && this.status !== 'running';
  }

  /** Calls back when it has ended, before the caller's promise settles. */
  whenEnded(listener: (record: InvocationRecord) => void): void {
    this.#onEnd = listener;
  }

  cancel(reason: unknown): void {
    const { latest } = this;
    if (!latest.hasEnded) latest.destination?.cancel(latest, reason);
  }

  /** The attempt that is under way, or was the last. */
  get latest(): InvocationRecord {
    return this.#latest ?? this;
  }

  /** One more attempt, in the place of this one, which has ended. */
  nextAttempt(): InvocationRecord {
    const next = new InvocationRecord(this.invocationId, this.functionName, this.inline);
    next.attempt = this.attempt + 1;
    next.request = this.request;
    next.destination = this.destination;
    next.isAccepted = this.isAccepted;
    next.#before = this.report;
    next.#progress = this.#progress;
    next.#onEnd = this.#onEnd;
    next.#receiver = this.#receiver;
    next.nesting = this.nesting;
    next.parts = this.parts;
    next.#resolve = this.#resolve;
    next.#reject = this.#reject;
    const first = this.#first ?? this;
    next.#first = first;
    first.#latest = next;
    this.request = undefined;
    this.#resolve = undefined;
    this.#reject = undefined;
    return next;
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

  /** How long the function took in this attempt, in ms; undefined when it did not run. Once it has ended. */
  get runMs(): number | undefined {
    if (this.#endedAt === undefined || this.#startedAt === undefined) return undefined;
    return this.#durationMs ?? this.#endedAt - this.#startedAt;
  }

  /** From its submission to its end, in ms. Once it has ended. */
  get totalMs(): number {
    return (this.#endedAt ?? this.submittedAt) - this.submittedAt;
  }

  /** When it ended, by performance.now(); 0 before. */
  get endedAt(): number {
    return this.#endedAt ?? 0;
  }

  /** What of its wait was the start of a worker, in ms. */
  get initMs(): number {
    return this.#initMs;
  }

  /** Its figures once it has ended, those of the last attempt that ran; undefined before, and when it never ran. */
  get report(): InvocationReport | undefined {
    if (this.#endedAt === undefined) return undefined;
    const durationMs = this.runMs;
    if (durationMs === undefined) return this.#before;
    return {
      durationMs,
      queueMs: Math.max(0, this.totalMs - durationMs - this.#initMs),
      initMs: this.#initMs,
      memoryMB: this.#memoryMB,
      worker: this.#worker,
    };
  }

  reportProgress(value: unknown): void {
    if (!this.hasEnded) this.#progressLog.push(value);
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
    if (this.chunk && outcome.kind !== 'succeeded')
      for (const each of this.chunk.split(this)) each.end(outcome);
    this.status = statusOf[outcome.kind];
    this.#endedAt = performance.now();
    this.#memoryMB = memoryMB;
    this.#durationMs = durationMs;
    if (this.children) this.#endChildren(this.children);
    if (outcome.kind === 'succeeded') {
      this.#tellEnd();
      if (this.#receiver) this.#receiver(outcome, this);
      else this.#succeed(outcome.body);
    } else {
      const failure = this.destination ? this.destination.retry(this, outcome) : outcome;
      if (!failure) return;
      this.status = statusOf[failure.kind];
      this.#tellEnd();
      if (this.#receiver) this.#receiver(failure, this);
      else this.#reject?.(errorOf(failure, this.title, this.id));
    }
    // Whoever keeps the promise keeps this: what it doesn't need any more goes now.
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#progress?.end();
  }

  #endChildren(children: Set<InvocationRecord>): void {
    for (const child of children) child.cancel(`"${this.functionName}", which called it, has ended`);
  }

  #tellEnd(): void {
    letGo(this.request?.args);
    this.request = undefined;
    this.#onEnd?.(this);
    this.destination?.ended(this);
  }

  #succeed(body: EncodedValue | undefined): void {
    let value: unknown;
    try {
      value = body === undefined ? undefined : decodeValue(body);
    } catch (error) {
      this.status = 'failed';
      this.#reject?.(unreadableResult(error, this.title, this.id));
      return;
    }
    this.#resolve?.(value);
  }
}

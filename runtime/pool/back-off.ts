import type { Logger } from '../config/logger.ts';
import type { PoolError } from '../errors/pool-errors.ts';
import { errorOf, type Failure } from '../invocation/outcome.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import { type RetryPolicy, waitAfter } from '../invocation/retry.ts';
import { startTimer } from './timer.ts';

export interface BackOffOptions {
  readonly log: Logger;
  /** What a function sets for itself. */
  readonly policyOf: (functionName: string) => RetryPolicy | undefined;
  /** Its wait is over: the next attempt can be queued. */
  readonly onDue: (record: InvocationRecord) => void;
}

interface Waiting {
  readonly timer: NodeJS.Timeout | undefined;
  /** How the attempt before ended. */
  readonly failure: Failure;
}

/** Where invocations wait between two attempts. For their callers they are queued. */
export class BackOff {
  readonly #options: BackOffOptions;
  readonly #waiting = new Map<InvocationRecord, Waiting>();
  #isClosed = false;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Takes on the next attempt of what failed so, and returns undefined; or returns how it ends. */
  take(record: InvocationRecord, failure: Failure): Failure | undefined {
    const { request } = record;
    if (!record.isAccepted || !request || failure.kind === 'refused' || failure.kind === 'cancelled')
      return failure;
    // Whoever has read the first of its parts doesn't want them once more.
    if (record.parts?.hasGiven) return failure;
    const policy = request.retry ?? this.#options.policyOf(record.functionName);
    if (!policy || policy.attempts <= record.attempt || this.#isClosed) return failure;
    const error = errorOf(failure, record.title, record.id) as PoolError;
    try {
      const ms = waitAfter(error, record.attempt, policy);
      if (ms === undefined) return failure;
      this.#report(record, error, { attempts: policy.attempts, ms });
      this.#wait(record.nextAttempt(), failure, ms);
      return undefined;
    } catch (thrown) {
      // By the caller's own `on`, who has to be told.
      return { kind: 'refused', error: thrown as Error };
    }
  }

  /** Takes out one that need not be tried again; returns whether it was here. */
  remove(record: InvocationRecord): boolean {
    const waiting = this.#waiting.get(record);
    if (!waiting) return false;
    clearTimeout(waiting.timer);
    return this.#waiting.delete(record);
  }

  /** Nothing is tried again from now on: what waits ends as its last attempt did. */
  close(): void {
    this.#isClosed = true;
    for (const [record, { failure }] of this.#waiting) {
      this.remove(record);
      record.end(failure);
    }
  }

  #wait(record: InvocationRecord, failure: Failure, ms: number): void {
    const due = () => {
      this.#waiting.delete(record);
      this.#options.onDue(record);
    };
    // Not an endless one: what waits for ever can only be cancelled.
    const timer = startTimer(due, ms)?.unref();
    this.#waiting.set(record, { timer, failure });
  }

  #report({ title, id, attempt }: InvocationRecord, error: Error, next: { attempts: number; ms: number }) {
    const { attempts, ms } = next;
    this.#options.log.warn(
      { function: title, invocation: id, attempt, err: error },
      `${title} failed, attempt ${attempt} of ${attempts}; the next one in ${Math.round(ms)} ms: ${error.message}`,
    );
  }
}

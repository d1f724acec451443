import type { WorkerExit } from '../invocation/outcome.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { Events } from './events.ts';
import type { ExitReason } from './exit-reason.ts';
import { type ObservedWorker, PoolRecorder } from './pool-recorder.ts';

interface NumberedWorker extends ObservedWorker {
  readonly id: number;
  readonly pid: number | undefined;
  readonly threadId: number | undefined;
  readonly dedicatedTo: string | undefined;
}

/** What a pool tells of itself: it is counted, and told to whoever listens. */
export class PoolObserver {
  readonly recorder = new PoolRecorder();
  readonly #pool: string;
  readonly #events: Events;

  constructor(pool: string, events: Events) {
    this.#pool = pool;
    this.#events = events;
  }

  queued(record: InvocationRecord): void {
    if (!this.#events.wants('invocation:queued')) return;
    this.#events.tell({ type: 'invocation:queued', ...this.#fieldsOf(record) });
  }

  /** `worker` is the number of the worker that begins with it. */
  started(record: InvocationRecord, worker: number): void {
    if (!this.#events.wants('invocation:started')) return;
    this.#events.tell({ type: 'invocation:started', worker, ...this.#fieldsOf(record) });
  }

  ended(record: InvocationRecord): void {
    this.recorder.ended(record.functionName, record);
    this.#tellEnd(record);
  }

  /** So many of those that this record stands for have succeeded, and took so long together: a mean for each. */
  succeeded({ functionName, submittedAt }: InvocationRecord, count: number, durationMs: number): void {
    const now = performance.now();
    this.recorder.succeeded(functionName, count, { runMs: durationMs / count, totalMs: now - submittedAt });
    this.recorder.ran(durationMs, now);
  }

  /** Whether somebody is told of each invocation. */
  get isWatched(): boolean {
    return (['invocation:queued', 'invocation:started', 'invocation:ended'] as const).some((type) =>
      this.#events.wants(type),
    );
  }

  /** The same of a spawned one: how long it has lived says nothing of others. */
  spawnedEnded(record: InvocationRecord): void {
    const { functionName, status } = record;
    this.recorder.ended(functionName, { status, runMs: undefined, totalMs: 0, initMs: 0 });
    this.#tellEnd(record);
  }

  /** A run took so long; its caller may have been settled before. */
  ran({ status, endedAt }: InvocationRecord, durationMs: number): void {
    // The clock was read for its end a moment ago, unless that was before the end of the run.
    const isEndOfRun = status === 'succeeded' || status === 'failed';
    this.recorder.ran(durationMs, isEndOfRun ? endedAt : performance.now());
  }

  workerStarting(worker: NumberedWorker): void {
    this.recorder.workerStarted();
    if (!this.#events.wants('worker:starting')) return;
    this.#events.tell({ type: 'worker:starting', ...this.#workerFields(worker) });
  }

  workerReady(worker: NumberedWorker): void {
    if (!this.#events.wants('worker:ready')) return;
    this.#events.tell({ type: 'worker:ready', ...this.#workerFields(worker) });
  }

  workerExited(worker: NumberedWorker, reason: ExitReason, { exitCode, signal }: WorkerExit): void {
    // What is beside the pool is no part of its time.
    this.recorder.workerEnded(worker.dedicatedTo === undefined ? worker : neverReady, reason);
    if (!this.#events.wants('worker:exited')) return;
    this.#events.tell({ type: 'worker:exited', reason, exitCode, signal, ...this.#workerFields(worker) });
  }

  #tellEnd(record: InvocationRecord): void {
    if (!this.#events.wants('invocation:ended')) return;
    const { status, runMs: durationMs } = record;
    this.#events.tell({ type: 'invocation:ended', status, durationMs, ...this.#fieldsOf(record) });
  }

  #fieldsOf({ id: invocationId, title: functionName, attempt }: InvocationRecord) {
    return { at: Date.now(), invocationId, functionName, attempt, pool: this.#pool };
  }

  #workerFields({ id: worker, pid, threadId, dedicatedTo }: NumberedWorker) {
    return { at: Date.now(), worker, pid, threadId, dedicatedTo, pool: this.#pool };
  }
}

const neverReady: ObservedWorker = { readyAt: Number.POSITIVE_INFINITY, current: undefined };

import type { JournalContent } from '../channel/journal.ts';
import type { Logger } from '../config/logger.ts';
import type { PoolSettings } from '../config/pool-settings.ts';
import { QueueFullError, type RuntimeClosedError } from '../invocation/errors.ts';
import { priorities } from '../invocation/invocation.ts';
import {
  describeExit,
  type Failure,
  lastWords,
  type Outcome,
  type WorkerExit,
} from '../invocation/outcome.ts';
import type { Destination, InvocationRecord } from '../invocation/record.ts';
import { BackOff } from './back-off.ts';
import type { Code } from './code.ts';
import { Credit } from './credit.ts';
import { Fleet } from './fleet.ts';
import type { KeepAlive } from './keep-alive.ts';
import { logFromWorker, logLine } from './output.ts';
import { InvocationQueue } from './queue.ts';
import type { Worker } from './worker.ts';

export interface PoolOptions {
  readonly name: string;
  readonly settings: PoolSettings;
  readonly log: Logger;
  readonly keepAlive: KeepAlive;
  /** Told of each invocation that ends. */
  readonly onEnded: (record: InvocationRecord) => void;
}

/** Runs invocations in workers: queues what waits, hands out what can run, and settles each exactly once. */
export class Pool implements Destination {
  readonly name: string;
  readonly #settings: PoolSettings;
  readonly #log: Logger;
  readonly #keepAlive: KeepAlive;
  readonly #queue = new InvocationQueue();
  readonly #fleet: Fleet;
  readonly #credit = new Credit();
  readonly #backOff: BackOff;
  readonly #onEnded: PoolOptions['onEnded'];
  #stallCheck: NodeJS.Timeout | undefined;
  /** How many were submitted and have not been settled. */
  #unsettled = 0;
  #onDrained: (() => void)[] = [];

  constructor({ name, settings, log, keepAlive, onEnded }: PoolOptions) {
    this.#onEnded = onEnded;
    this.name = name;
    this.#settings = settings;
    this.#log = log;
    this.#keepAlive = keepAlive;
    this.#fleet = new Fleet(settings, log, () => this.#queue.size, {
      onFree: () => {
        this.#dispatch();
        this.#checkDrained();
      },
      onFinished: (functionName, durationMs) => this.#credit.observe(functionName, durationMs),
      onReturned: (records) => {
        this.#putBack(records);
        this.#dispatch();
      },
      onEnd: (worker, exit, journal) => this.#workerEnded(worker, exit, journal),
      onSwitch: (code) => this.#refuseRemoved(code),
      onHopeless: (error) => this.#refuseQueued(() => ({ kind: 'refused', error })),
      onLine: (worker, stream, line) => logLine(log, worker, stream, line),
      onLog: (worker, envelope) => logFromWorker(log, worker, envelope),
    });
    this.#backOff = new BackOff({
      log,
      policyOf: (functionName) => this.#fleet.code?.retryOf(functionName),
      onDue: (record) => {
        record.submittedAt = performance.now();
        this.#enqueue(record);
      },
    });
  }

  /** See Fleet.load. */
  load(code: Code): Promise<void> {
    return this.#keepAlive.during(this.#fleet.load(code));
  }

  submit(record: InvocationRecord): void {
    // What a worker can take at once, or as soon as it has started, doesn't wait in the queue.
    const waiting = this.queued - this.#backOff.size;
    if (waiting >= this.#settings.queueLimit + this.#fleet.free) {
      const { functionName, id: invocationId } = record;
      const message = `The queue is full: ${waiting} invocations wait already (queueLimit).`;
      record.end({ kind: 'refused', error: new QueueFullError(message, { functionName, invocationId }) });
      return;
    }
    this.#unsettled++;
    this.#keepAlive.hold();
    record.isAccepted = true;
    this.#enqueue(record);
  }

  retry(record: InvocationRecord, failure: Failure): Failure | undefined {
    return this.#backOff.take(record, failure);
  }

  /** What fails from now on is not tried again, and what waits for its next attempt ends with its last error. */
  stopRetrying(): void {
    this.#backOff.close();
  }

  ended(record: InvocationRecord): void {
    this.#onEnded(record);
    if (!record.isAccepted) return;
    this.#unsettled--;
    this.#keepAlive.release();
    this.#checkDrained();
  }

  cancel(record: InvocationRecord, reason: unknown): void {
    const outcome = { kind: 'cancelled', reason } as const;
    if (this.#queue.remove(record) || this.#backOff.remove(record)) {
      record.end(outcome);
      return;
    }
    const holder = [...this.#fleet.workers].find(({ turns }) => turns.some((turn) => turn.record === record));
    if (!holder) return;
    if (holder.current?.record !== record) this.#putBack(holder.takeBack());
    // Taken back it is in the queue again; else it has begun, whether that is known here or not.
    if (this.#queue.remove(record)) record.end(outcome);
    else holder.abandon(record, outcome);
    this.#dispatch();
  }

  /** How many wait, those included that a worker holds and has not begun, and those between two attempts. */
  get queued(): number {
    let queued = this.#queue.size + this.#backOff.size;
    for (const { load } of this.#fleet.workers) if (load > 1) queued += load - 1;
    return queued;
  }

  get running(): number {
    let running = 0;
    for (const { load } of this.#fleet.workers) if (load > 0) running++;
    return running;
  }

  get workers(): Iterable<Worker> {
    return this.#fleet.workers;
  }

  /** Resolves when nothing is queued or running. */
  drain(): Promise<void> {
    if (this.#isDrained()) return Promise.resolve();
    return new Promise((resolve) => this.#onDrained.push(resolve));
  }

  /** Ends whatever is there, now: callers get `error`, workers SIGKILL. */
  kill(error: (record: InvocationRecord) => RuntimeClosedError): void {
    this.#refuseQueued((record) => ({ kind: 'refused', error: error(record) }));
    for (const { turns } of this.#fleet.workers) {
      for (const { record } of turns) record.end({ kind: 'refused', error: error(record) });
    }
    this.#fleet.kill('the runtime was closed with a deadline');
  }

  /** Stops the workers; resolves when their processes are gone. */
  stop(): Promise<void> {
    return this.#keepAlive.during(this.#fleet.stop());
  }

  #enqueue(record: InvocationRecord): void {
    this.#queue.push(record);
    this.#recallFor(record);
    this.#dispatch();
  }

  #dispatch(): void {
    while (this.#queue.size > 0) {
      const idle = this.#fleet.takeIdle();
      const worker = idle ?? this.#findHolder(this.#queue.next as InvocationRecord);
      if (!worker) break;
      const record = this.#queue.shift() as InvocationRecord;
      if (record.request && worker.has(record.functionName)) {
        worker.hand(record, record.request);
        continue;
      }
      record.end({ kind: 'refused', error: worker.code.refusal(record.functionName, record.id) });
      if (idle) this.#fleet.giveBack(idle);
    }
    if (this.#queue.size > 0) this.#fleet.scale();
  }

  /** The busy worker that this one may be handed to ahead of time, if it is short enough. */
  #findHolder({ functionName }: InvocationRecord): Worker | undefined {
    const most = this.#credit.of(functionName);
    if (most === 1) return undefined;
    const now = performance.now();
    const holder = this.#fleet.findHolder(functionName, ({ current }) => {
      if (!current || now - current.since > stallMs) return 0;
      return Math.min(most, this.#credit.of(current.record.functionName));
    });
    if (holder) this.#stallCheck ??= setTimeout(() => this.#checkStalls(), stallMs).unref();
    return holder;
  }

  /** Takes back what waits behind a run that turns out to be long, when it could run elsewhere. */
  #checkStalls(): void {
    this.#stallCheck = undefined;
    const now = performance.now();
    let isHolding = false;
    for (const worker of this.#fleet.workers) {
      const { current } = worker;
      if (worker.load < 2 || !current) continue;
      if (now - current.since > stallMs && this.#fleet.free > 0) this.#putBack(worker.takeBack());
      if (worker.load > 1) isHolding = true;
    }
    this.#dispatch();
    if (isHolding) this.#stallCheck ??= setTimeout(() => this.#checkStalls(), stallMs).unref();
  }

  /** Takes back what workers hold of a lower priority than this one, which waits. */
  #recallFor({ request }: InvocationRecord): void {
    if (!request || request.priority === 'low') return;
    const rank = priorities.indexOf(request.priority);
    for (const worker of this.#fleet.workers) {
      // It is handed the higher ones first: the last that it holds is one of the lowest.
      const last = worker.load > 1 ? worker.turns.at(-1)?.record.request : undefined;
      if (last && priorities.indexOf(last.priority) > rank) this.#putBack(worker.takeBack());
    }
  }

  /** To the front of the queue, in their order. */
  #putBack(records: readonly InvocationRecord[]): void {
    for (const record of records.toReversed()) this.#queue.unshift(record);
  }

  #workerEnded(worker: Worker, exit: WorkerExit, { started }: JournalContent): void {
    const waiting: InvocationRecord[] = [];
    for (const { record, run } of worker.turns) {
      if (record.hasEnded) continue;
      if (started !== undefined && started < run) {
        // It died before it began with this one: nobody can tell that it was ever handed out.
        record.putBack();
        waiting.push(record);
        continue;
      }
      const { functionName, id } = record;
      this.#log.error(
        { worker: worker.id, workerPid: worker.pid, function: functionName, invocation: id, ...exit },
        `worker ${worker.id} (pid ${worker.pid}) ${describeExit(exit)} while it ran ${functionName}.${lastWords(exit)}`,
      );
      record.end({ kind: 'crashed', exit }, worker.memoryMB);
    }
    this.#putBack(waiting);
    this.#dispatch();
    this.#checkDrained();
  }

  // Now, and not when their turn comes: behind a long run that may be much later.
  #refuseRemoved(code: Code): void {
    const names = new Set(code.sources.map(({ name }) => name));
    for (const record of this.#queue.removeWhere(({ functionName }) => !names.has(functionName))) {
      record.end({ kind: 'refused', error: code.refusal(record.functionName, record.id) });
    }
  }

  #refuseQueued(outcome: (record: InvocationRecord) => Outcome): void {
    for (let record = this.#queue.shift(); record; record = this.#queue.shift()) record.end(outcome(record));
  }

  #isDrained(): boolean {
    return this.#unsettled === 0 && this.running === 0;
  }

  #checkDrained(): void {
    if (this.#onDrained.length === 0 || !this.#isDrained()) return;
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }
}

/** A run that was handed over behind others and has waited so long waits for a long one: it should run elsewhere. */
const stallMs = 2;

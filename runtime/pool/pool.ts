import type { JournalContent } from '../channel/journal.ts';
import type { Logger } from '../config/logger.ts';
import { defaultPool, type PoolSettings } from '../config/pool-settings.ts';
import type { FunctionRecorder } from '../figures/function-figures.ts';
import type { PoolObserver } from '../figures/pool-observer.ts';
import type { PoolStats } from '../figures/pool-recorder.ts';
import { QueueFullError, type RuntimeClosedError } from '../invocation/errors.ts';
import type { Failure, Outcome, WorkerExit } from '../invocation/outcome.ts';
import type { Destination, InvocationRecord } from '../invocation/record.ts';
import { BackOff } from './back-off.ts';
import type { Code } from './code.ts';
import { settleCrash } from './crash.ts';
import { exitReasonOf } from './exit-reason.ts';
import { Fleet } from './fleet.ts';
import type { FleetEvents } from './fleet-events.ts';
import { HandAhead } from './hand-ahead.ts';
import type { KeepAlive } from './keep-alive.ts';
import { logFromWorker, logLine } from './output.ts';
import { InvocationQueue } from './queue.ts';
import type { Worker } from './worker.ts';
import type { WorkerEvents } from './worker-events.ts';

export interface PoolOptions {
  readonly settings: PoolSettings;
  readonly log: Logger;
  readonly keepAlive: KeepAlive;
  /** The number of the next worker, from 1. */
  readonly nextWorkerId: () => number;
  /** The pool that runs this function now; undefined when there is no such function. */
  readonly homeOf: (functionName: string) => Pool | undefined;
  /** A first worker has loaded this code, which can come into service by `switchTo` and `settle`. */
  readonly onLoaded: (pool: Pool, code: Code) => void;
  readonly observer: PoolObserver;
  /** A function asks for an invocation of its own: it is to be submitted, wherever it runs. */
  readonly onCall: WorkerEvents['onCall'];
}

/** Runs invocations in workers: queues what waits, hands out what can run, and settles each exactly once. */
export class Pool implements Destination {
  readonly name: string;
  readonly #settings: PoolSettings;
  readonly #log: Logger;
  readonly #keepAlive: KeepAlive;
  readonly #queue = new InvocationQueue();
  readonly #fleet: Fleet;
  readonly #handAhead: HandAhead;
  readonly #backOff: BackOff;
  readonly #homeOf: PoolOptions['homeOf'];
  readonly #observer: PoolObserver;
  /** How many were submitted and have not been settled. */
  #unsettled = 0;
  #onDrained: (() => void)[] = [];
  /** The next one, when the last look found no worker for it; forgotten when something changes. */
  #stuck: InvocationRecord | undefined;
  #isDispatchDue = false;

  constructor({ settings, log, keepAlive, nextWorkerId, homeOf, onLoaded, observer, onCall }: PoolOptions) {
    this.name = settings.name;
    this.#settings = settings;
    this.#log = log;
    this.#keepAlive = keepAlive;
    this.#homeOf = homeOf;
    this.#observer = observer;
    const events: FleetEvents = {
      onFree: () => {
        this.#dispatchSoon();
        this.#checkDrained();
      },
      onStarting: (worker) => this.#observer.workerStarting(worker),
      onReady: (worker) => this.#observer.workerReady(worker),
      onStarted: (record, worker) => this.#observer.started(record, worker),
      onFinished: (record, durationMs) => {
        this.#observer.ran(record, durationMs);
        this.#handAhead.observe(record.functionName, durationMs);
        this.#queue.release(record.functionName);
      },
      onReturned: (records) => this.#runElsewhere(records),
      onCall,
      onWaits: (worker, functionName) => {
        // It gives up its place, and what it holds need not wait with it.
        this.#queue.release(functionName);
        this.#runElsewhere(worker.takeBack());
      },
      onGoesOn: (functionName) => this.#queue.reclaim(functionName),
      onEnd: (worker, exit, journal) => {
        this.#observer.workerExited(worker, exitReasonOf(worker, journal), exit);
        this.#workerEnded(worker, exit, journal);
      },
      onLoaded: (code) => onLoaded(this, code),
      onHopeless: (error) => this.#refuseQueued(() => ({ kind: 'refused', error })),
      onLine: (worker, stream, line) => logLine(log, worker, stream, line),
      onLog: (worker, envelope) => logFromWorker(log, worker, envelope),
    };
    this.#fleet = new Fleet({ settings, log, nextWorkerId, backlog: this.#queue, events });
    this.#handAhead = new HandAhead(this.#fleet, (records) => this.#runElsewhere(records));
    this.#backOff = new BackOff({
      log,
      policyOf: (functionName) => this.#fleet.code?.retryOf(functionName),
      onDue: (record) => {
        record.submittedAt = performance.now();
        this.#putInQueue(record);
      },
    });
  }

  /** See Fleet.load. */
  load(code: Code): Promise<void> {
    return this.#keepAlive.during(this.#fleet.load(code));
  }

  /** Code that has been loaded is in service from now on. To be followed by `settle`. */
  switchTo(code: Code): void {
    this.#fleet.switchTo(code);
  }

  /** After all pools have switched: what waits runs on the new code, here or in the pool that has the function now. */
  settle(): void {
    const { code } = this.#fleet;
    if (!code) return;
    this.#fleet.retireOthers();
    this.#turnAwayStrangers(code);
    this.#queue.limit(code.concurrency, this.#inHand());
    this.#fleet.admitReady();
    this.#dispatch();
  }

  /** Code that is being loaded will not come into service. */
  abandon(error: Error): void {
    this.#fleet.abandon(error);
  }

  submit(record: InvocationRecord): void {
    const { functionName } = record;
    const { queueLimit } = this.#settings;
    // No more can wait than have not been settled.
    if (this.#unsettled >= queueLimit && this.#waitingWith(functionName) > queueLimit) {
      const { id: invocationId } = record;
      const of = this.name === defaultPool ? '' : ` of the pool "${this.name}"`;
      const message = `The queue${of} is full: ${this.#waiting} invocations wait already (queueLimit).`;
      record.end({ kind: 'refused', error: new QueueFullError(message, { functionName, invocationId }) });
      return;
    }
    record.isAccepted = true;
    this.#adopt(record);
  }

  retry(record: InvocationRecord, failure: Failure): Failure | undefined {
    return this.#backOff.take(record, failure);
  }

  /** What fails from now on is not tried again, and what waits for its next attempt ends with its last error. */
  stopRetrying(): void {
    this.#backOff.close();
  }

  ended(record: InvocationRecord): void {
    this.#observer.ended(record);
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

  /**
   * How many invocations of a function keep all workers busy: what they can have in their hands, and as many behind
   * those, so that none of them waits while the results of others are on their way. Never so many that the queue is full.
   */
  reach(functionName: string): number {
    const { max, queueLimit } = this.#settings;
    const atOnce = Math.min(max, this.#fleet.code?.concurrency.get(functionName) ?? max);
    return Math.min(2 * atOnce * this.#handAhead.creditOf(functionName), atOnce + queueLimit);
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

  get stats(): PoolStats {
    const { queued, running } = this;
    return this.#observer.recorder.stats([...this.workers], { queued, running });
  }

  /** The figures of a function, as far as it ran in this pool. */
  functionRecorder(name: string): FunctionRecorder | undefined {
    return this.#observer.recorder.functionRecorder(name);
  }

  /** Whether nothing is queued or running. */
  get isDrained(): boolean {
    return this.#unsettled === 0 && this.running === 0;
  }

  /** Resolves when nothing is queued or running. */
  drain(): Promise<void> {
    if (this.isDrained) return Promise.resolve();
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

  /** Takes on an invocation, which it settles from now on. */
  #adopt(record: InvocationRecord): void {
    this.#unsettled++;
    this.#keepAlive.hold();
    this.#enqueue(record);
  }

  /** Gives one to the pool that has its function now. */
  #passOn(record: InvocationRecord, home: Pool): void {
    record.destination = home;
    home.#adopt(record);
    this.#unsettled--;
    this.#keepAlive.release();
    this.#checkDrained();
  }

  /** Of an invocation that was here before: its function may be elsewhere by now. */
  #putInQueue(record: InvocationRecord): void {
    const home = this.#homeOf(record.functionName);
    if (home && home !== this) this.#passOn(record, home);
    else this.#enqueue(record);
  }

  /** What no worker with this code has: its function was moved to another pool, or is gone. */
  #turnAway(record: InvocationRecord, code: Code): void {
    const home = this.#homeOf(record.functionName);
    if (home && home !== this) this.#passOn(record, home);
    else record.end({ kind: 'refused', error: code.refusal(record.functionName, record.id) });
  }

  #enqueue(record: InvocationRecord): void {
    this.#queue.push(record);
    this.#observer.queued(record);
    this.#putBack(this.#handAhead.recallFor(record));
    // In a burst most find the same one before them that could not be handed out a moment ago.
    if (this.#next !== this.#stuck || this.#fleet.canGrow) this.#dispatch();
  }

  /** The next one that may run. */
  get #next(): InvocationRecord | undefined {
    return this.#queue.nextFrom(this.#fleet.shallowest);
  }

  /** How many wait for a worker, those included that one holds. */
  get #waiting(): number {
    return this.queued - this.#backOff.size;
  }

  /** How many would wait with one more of this function: what can run now, or when a worker has started, doesn't. */
  #waitingWith(functionName: string): number {
    const waiting = this.#waiting;
    const held = waiting - this.#queue.size;
    const demand = this.#queue.demand + (this.#queue.hasRoomFor(functionName) ? 1 : 0);
    return waiting + 1 - Math.min(this.#fleet.free, demand + held);
  }

  /** When all that came with it has been read: what has become free in one turn is handed out together. */
  #dispatchSoon(): void {
    this.#stuck = undefined;
    if (this.#isDispatchDue || this.#queue.size === 0) return;
    this.#isDispatchDue = true;
    queueMicrotask(() => {
      this.#isDispatchDue = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    this.#stuck = undefined;
    for (let next = this.#next; next; next = this.#next) {
      const idle = this.#fleet.takeIdle();
      const worker = idle ?? this.#handAhead.findHolder(next);
      if (!worker) {
        this.#stuck = next;
        break;
      }
      const record = this.#queue.take(this.#fleet.shallowest) as InvocationRecord;
      if (record.request && worker.has(record.functionName)) {
        worker.hand(record, record.request);
        if (worker.isSpent) this.#fleet.scale();
        continue;
      }
      this.#queue.release(record.functionName);
      if (idle) this.#fleet.giveBack(idle);
      this.#turnAway(record, worker.code);
    }
    if (this.#queue.demand > 0) this.#fleet.scale();
  }

  #runElsewhere(records: readonly InvocationRecord[]): void {
    this.#putBack(records);
    this.#dispatch();
  }

  /** From the hands of a worker to the front of the queue, in their order; what has ended only leaves those hands. */
  #putBack(records: readonly InvocationRecord[]): void {
    if (records.length === 0) return;
    for (const record of records.toReversed()) {
      if (record.hasEnded) this.#queue.release(record.functionName);
      else this.#queue.putBack(record);
    }
    const { code } = this.#fleet;
    // By a worker with code that was replaced: this pool may not have their functions any more.
    if (code && records.some(({ functionName }) => !code.has(functionName))) this.#turnAwayStrangers(code);
  }

  #inHand(): InvocationRecord[] {
    const running = [...this.#fleet.workers].filter(({ isWaiting }) => !isWaiting);
    return running.flatMap(({ turns }) => turns.map(({ record }) => record));
  }

  #workerEnded(worker: Worker, exit: WorkerExit, journal: JournalContent): void {
    settleCrash(worker, exit, journal, this.#log);
    this.#putBack(worker.turns.map(({ record }) => record));
    this.#dispatch();
    this.#checkDrained();
  }

  // Now, and not when their turn comes: behind a long run that may be much later.
  #turnAwayStrangers(code: Code): void {
    for (const record of this.#queue.removeWhere(({ functionName }) => !code.has(functionName))) {
      this.#turnAway(record, code);
    }
  }

  #refuseQueued(outcome: (record: InvocationRecord) => Outcome): void {
    for (const record of this.#queue.removeWhere(() => true)) record.end(outcome(record));
  }

  #checkDrained(): void {
    if (this.#onDrained.length === 0 || !this.isDrained) return;
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }
}

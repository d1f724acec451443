import { Arena } from '../channel/arena.ts';
import type { JournalContent } from '../channel/journal/reader.ts';
import type { Logger } from '../config/logger.ts';
import { defaultPool, type PoolSettings } from '../config/pool-settings.ts';
import { QueueFullError, type RuntimeClosedError } from '../errors/pool-errors.ts';
import type { FunctionRecorder } from '../figures/function-figures.ts';
import type { PoolObserver } from '../figures/pool-observer.ts';
import type { PoolStats } from '../figures/pool-recorder.ts';
import type { Chunk } from '../invocation/chunk.ts';
import type { InvokeOptions } from '../invocation/invocation.ts';
import type { Failure, Outcome, WorkerExit } from '../invocation/outcome.ts';
import type { Destination, InvocationRecord } from '../invocation/record.ts';
import type { SpawnDestination } from '../invocation/spawn.ts';
import type { SpawnedListener } from '../invocation/spawned.ts';
import { parseTimeout } from '../options/duration.ts';
import { BackOff } from './back-off.ts';
import type { Code } from './code.ts';
import { settleCrash } from './crash.ts';
import { DedicatedWorkers } from './dedicated-workers.ts';
import { Dispatcher } from './dispatcher.ts';
import { Drain } from './drain.ts';
import { exitReasonOf } from './exit-reason.ts';
import { Fleet } from './fleet.ts';
import type { FleetEvents } from './fleet-events.ts';
import { HandAhead } from './hand-ahead.ts';
import type { KeepAlive } from './keep-alive.ts';
import { Occupancy } from './occupancy.ts';
import { logFromWorker, logLine } from './output.ts';
import { InvocationQueue } from './queue.ts';
import type { Spares } from './spares.ts';
import type { EarlyOutcome } from './turn.ts';
import { UnreadStreams } from './unread-streams.ts';
import type { Worker } from './worker.ts';
import type { WorkerEvents } from './worker-events.ts';

export interface PoolOptions {
  readonly settings: PoolSettings;
  readonly spares: Spares;
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
  readonly arbiter: WorkerEvents['arbiter'];
}

/** So many of the shortest functions keep a worker busy where results are read all the time; measured with `map`. */
const enoughInHand = 64;

/** In the hands of each, see HandAhead: with one more that waits here it was not faster. */
const groupsPerWorker = 2;

/** Of invocations that travel together it is only known to a few ms when each begins. */
const leastTimeoutMs = 100;

/** Runs invocations in workers: queues what waits, hands out what can run, and settles each exactly once. */
export class Pool implements Destination {
  readonly name: string;
  readonly #settings: PoolSettings;
  readonly #log: Logger;
  readonly #keepAlive: KeepAlive;
  readonly #queue = new InvocationQueue();
  readonly #fleet: Fleet;
  readonly #handAhead: HandAhead;
  readonly #dispatcher: Dispatcher;
  readonly #backOff: BackOff;
  readonly #homeOf: PoolOptions['homeOf'];
  readonly #observer: PoolObserver;
  readonly #occupancy: Occupancy;
  readonly #drain: Drain;
  readonly #dedicated: DedicatedWorkers;
  /** What has not ended of those that travel together. */
  readonly #chunks = new Set<Chunk>();
  readonly #unread = new UnreadStreams(() => this.workers);

  constructor({
    settings,
    spares,
    log,
    keepAlive,
    nextWorkerId,
    homeOf,
    onLoaded,
    observer,
    onCall,
    arbiter,
  }: PoolOptions) {
    this.name = settings.name;
    this.#settings = settings;
    this.#log = log;
    this.#keepAlive = keepAlive;
    this.#homeOf = homeOf;
    this.#observer = observer;
    const events: FleetEvents = {
      onFree: () => {
        this.#dispatcher.dispatchSoon();
        this.#drain.check();
      },
      onStarting: (worker) => this.#observer.workerStarting(worker),
      onReady: (worker) => this.#observer.workerReady(worker),
      onStarted: (record, worker) => {
        if (record.chunk) this.#handAhead.watch();
        else this.#observer.started(record, worker);
      },
      onFinished: (record, durationMs) => {
        if (!record.chunk) {
          this.#observer.ran(record, durationMs);
          this.#handAhead.observe(record, durationMs);
        }
        this.#queue.release(record.functionName);
      },
      onResults: (record, count, durationMs) => {
        this.#observer.succeeded(record, count, durationMs);
        this.#handAhead.observeTogether(record, count, durationMs);
      },
      onSplit: (records) => this.#split(records),
      onReturned: (records) => this.#dispatcher.runElsewhere(records),
      onCall,
      arbiter,
      onWaits: (worker, functionName) => {
        // It gives up its place, and what it holds need not wait with it.
        this.#queue.release(functionName);
        this.#dispatcher.runElsewhere(worker.takeBack());
      },
      onGoesOn: (functionName) => this.#queue.reclaim(functionName),
      onEnd: (worker, exit, journal) => {
        this.#observer.workerExited(worker, exitReasonOf(worker, journal), exit);
        this.#workerEnded(worker, exit, journal);
      },
      onLoaded: (code) => onLoaded(this, code),
      onHopeless: (error) => this.#refuseQueued(() => ({ kind: 'refused', error })),
      onLine: (worker, stream, line) => logLine(log, worker, stream, line),
      onLog: (worker, line, fields) => logFromWorker(log, worker, line, fields),
    };
    this.#fleet = new Fleet({ settings, spares, log, nextWorkerId, backlog: this.#queue, events });
    this.#handAhead = new HandAhead(this.#fleet, (records) => this.#dispatcher.runElsewhere(records));
    this.#dispatcher = new Dispatcher({
      queue: this.#queue,
      fleet: this.#fleet,
      handAhead: this.#handAhead,
      onStranger: (record, code) => this.#turnAway(record, code),
    });
    this.#backOff = new BackOff({
      log,
      policyOf: (functionName) => this.#fleet.code?.retryOf(functionName),
      onDue: (record) => {
        record.submittedAt = performance.now();
        this.#putInQueue(record);
      },
    });
    this.#occupancy = new Occupancy({ queue: this.#queue, fleet: this.#fleet, backOff: this.#backOff });
    this.#drain = new Drain({ keepAlive, running: () => this.#occupancy.running });
    const shared = { settings, spares, log, keepAlive, nextWorkerId, observer, onCall, arbiter };
    this.#dedicated = new DedicatedWorkers(shared);
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
    this.#dispatcher.turnAwayStrangers(code);
    this.#queue.limit(code.concurrency, this.#occupancy.inHand);
    this.#fleet.admitReady();
    this.#dispatcher.dispatch();
  }

  /** Code that is being loaded will not come into service. */
  abandon(error: Error): void {
    this.#fleet.abandon(error);
  }

  get arena(): Arena | undefined {
    return this.#settings.isolation === 'process' ? Arena.current : undefined;
  }

  submit(record: InvocationRecord): void {
    const { functionName, submittedAt } = record;
    // Room may have been made that nobody has heard of.
    if (this.#isFullFor(functionName)) this.#dispatcher.catchUp(submittedAt);
    if (this.#isFullFor(functionName)) {
      const { id: invocationId, title } = record;
      const of = this.name === defaultPool ? '' : ` of the pool "${this.name}"`;
      const message = `The queue${of} is full: ${this.#occupancy.waiting} invocations wait already (queueLimit).`;
      record.end({
        kind: 'refused',
        error: new QueueFullError(message, { functionName: title, invocationId }),
      });
      return;
    }
    record.isAccepted = true;
    this.#adopt(record);
    // One that a function makes comes with the messages of its worker.
    if (!record.nesting) this.#dispatcher.catchUp(submittedAt);
  }

  /** A worker beside this pool, for this function alone; or why there is none. */
  openDedicated(record: InvocationRecord, listener: SpawnedListener): SpawnDestination | Error | undefined {
    const { code } = this.#fleet;
    return code && this.#dedicated.open(record, code, listener);
  }

  /** Tells the functions in such workers that the runtime is closed; resolves when the workers are gone. */
  closeDedicated(): Promise<void> {
    return this.#dedicated.close();
  }

  #isFullFor(functionName: string): boolean {
    const { queueLimit } = this.#settings;
    // No more can wait than have not been settled.
    return this.#drain.unsettled >= queueLimit && this.#occupancy.waitingWith(functionName) > queueLimit;
  }

  retry(record: InvocationRecord, failure: Failure): Failure | undefined {
    return this.#backOff.take(record, failure);
  }

  /** What fails from now on is not tried again, and what waits for its next attempt ends with its last error. */
  stopRetrying(): void {
    this.#backOff.close();
  }

  /** See UnreadStreams. */
  endUnread(): void {
    this.#unread.watch();
  }

  ended(record: InvocationRecord): void {
    // What it stood for has been told, or is told by itself.
    if (record.chunk) this.#chunks.delete(record.chunk);
    else this.#observer.ended(record);
    if (record.isAccepted) this.#drain.letGo();
  }

  cancel(record: InvocationRecord, reason: unknown): void {
    const outcome = { kind: 'cancelled', reason } as const;
    if (this.#queue.remove(record) || this.#backOff.remove(record)) {
      record.end(outcome);
      return;
    }
    const holder = [...this.#fleet.workers].find(({ turns }) => turns.some((turn) => turn.record === record));
    if (!holder) return;
    if (record.chunk) {
      this.#dispatcher.putBack(holder.takeBack());
      if (this.#queue.remove(record)) record.end(outcome);
      else this.#cancelEach(holder, holder.split(record), outcome);
      return;
    }
    if (holder.current?.record !== record) this.#dispatcher.putBack(holder.takeBack());
    // Taken back it is in the queue again; else it has begun, whether that is known here or not.
    if (this.#queue.remove(record)) record.end(outcome);
    else holder.abandon(record, outcome);
    this.#dispatcher.dispatch();
  }

  /**
   * How many invocations of a function keep all workers busy: what they can have in their hands, and as many behind
   * those, so that none of them waits while the results of others are on their way. Never so many that the queue is full.
   */
  reach(functionName: string): number {
    const { max, queueLimit } = this.#settings;
    const atOnce = Math.min(max, this.#fleet.code?.concurrency.get(functionName) ?? max);
    const credit = Math.min(enoughInHand, this.#handAhead.creditOf(functionName));
    return Math.min(2 * atOnce * credit, atOnce + queueLimit);
  }

  /**
   * How many invocations of a function may travel together, when these options hold for each, and how many such groups keep
   * all workers busy. A size of 1: each has to travel by itself, as something is asked for that concerns one alone, or
   * somebody listens to what becomes of each.
   */
  together(functionName: string, { timeout, retry }: InvokeOptions): { size: number; groups: number } {
    const { code } = this.#fleet;
    const { max, maxInvocations, queueLimit } = this.#settings;
    const own = timeout === undefined ? undefined : parseTimeout(timeout);
    const ms = own ?? code?.timeoutOf(functionName) ?? this.#settings.timeoutMs;
    const isPlain =
      code !== undefined &&
      (retry ?? code.retryOf(functionName)) === undefined &&
      code.concurrency.get(functionName) === undefined &&
      ms >= leastTimeoutMs &&
      maxInvocations === Number.POSITIVE_INFINITY &&
      !this.#observer.isWatched &&
      // Without a journal nobody could tell which one of them had ended a worker.
      this.#fleet.hasJournals;
    const groups = groupsPerWorker * max;
    const size = isPlain ? this.#handAhead.togetherOf(functionName) : 1;
    return { size: Math.min(size, Math.max(1, Math.floor(queueLimit / groups))), groups };
  }

  /** How many wait, those included that a worker holds and has not begun, and those between two attempts. */
  get queued(): number {
    let queued = this.#occupancy.queued;
    // One of each is counted already.
    for (const { left } of this.#chunks) queued += Math.max(0, left - 1);
    return queued;
  }

  get running(): number {
    return this.#occupancy.running;
  }

  /** Those beside it included. */
  get workers(): Worker[] {
    return [...this.#fleet.workers, ...this.#dedicated.workers];
  }

  get stats(): PoolStats {
    const { queued, running } = this;
    return this.#observer.recorder.stats([...this.#fleet.workers], { queued, running });
  }

  /** The figures of a function, as far as it ran in this pool. */
  functionRecorder(name: string): FunctionRecorder | undefined {
    return this.#observer.recorder.functionRecorder(name);
  }

  /** Whether nothing is queued or running. */
  get isDrained(): boolean {
    return this.#drain.isDone;
  }

  /** Resolves when nothing is queued or running. */
  drain(): Promise<void> {
    return this.#drain.wait();
  }

  /** Ends whatever is there, now: callers get `error`, workers SIGKILL. */
  kill(error: (record: InvocationRecord) => RuntimeClosedError): void {
    this.#fleet.kill('the runtime was closed with a deadline');
    this.#dedicated.kill(error);
    const refusal = (record: InvocationRecord) => ({ kind: 'refused', error: error(record) }) as const;
    for (const { turns } of this.#fleet.workers) {
      // A copy: what ends cancels what it has called, and so gives back to the queue what waited behind that.
      for (const { record } of [...turns]) record.end(refusal(record));
    }
    this.#refuseQueued(refusal);
  }

  /** Stops the workers; resolves when their processes are gone. */
  stop(): Promise<void> {
    this.#unread.stop();
    return this.#keepAlive.during(this.#fleet.stop());
  }

  /** Takes on an invocation, which it settles from now on. */
  #adopt(record: InvocationRecord): void {
    this.#drain.takeOn();
    if (record.chunk) this.#chunks.add(record.chunk);
    this.#enqueue(record);
  }

  /** Of those that one record has stood for most have not begun, and are taken back all at once. */
  #cancelEach(holder: Worker, records: readonly InvocationRecord[], outcome: EarlyOutcome): void {
    this.#dispatcher.putBack(holder.takeBack());
    for (const record of records) {
      if (this.#queue.remove(record)) record.end(outcome);
      else holder.abandon(record, outcome);
    }
    this.#dispatcher.dispatch();
  }

  /** Takes on those that one record has stood for, in the hands of a worker. */
  #split(records: readonly InvocationRecord[]): void {
    for (const [index, record] of records.entries()) {
      record.destination = this;
      record.isAccepted = true;
      this.#drain.takeOn();
      if (index > 0) this.#queue.reclaim(record.functionName);
    }
  }

  /** Of an invocation that was here before: its function may be elsewhere by now. */
  #putInQueue(record: InvocationRecord): void {
    if (!this.#passOn(record)) this.#enqueue(record);
  }

  /** What no worker with this code has: its function was moved to another pool, or is gone. */
  #turnAway(record: InvocationRecord, code: Code): void {
    if (this.#passOn(record)) return;
    record.end({ kind: 'refused', error: code.refusal(record.functionName, record.id) });
  }

  /** Gives it to the pool that has its function now, if that is another one; returns whether it is. */
  #passOn(record: InvocationRecord): boolean {
    const home = this.#homeOf(record.functionName);
    if (!home || home === this) return false;
    record.destination = home;
    if (record.chunk) this.#chunks.delete(record.chunk);
    home.#adopt(record);
    this.#drain.letGo();
    return true;
  }

  #enqueue(record: InvocationRecord): void {
    this.#queue.push(record);
    if (!record.chunk) this.#observer.queued(record);
    this.#dispatcher.queued(record);
  }

  #workerEnded(worker: Worker, exit: WorkerExit, journal: JournalContent): void {
    settleCrash(worker, exit, journal, this.#log);
    this.#dispatcher.runElsewhere(worker.turns.map(({ record }) => record));
    this.#drain.check();
  }

  #refuseQueued(outcome: (record: InvocationRecord) => Outcome): void {
    for (const record of this.#queue.removeWhere(() => true)) record.end(outcome(record));
  }
}

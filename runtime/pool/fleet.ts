import type { JournalContent } from '../channel/journal/reader.ts';
import type { FunctionDescriptor } from '../channel/messages.ts';
import type { Logger } from '../config/logger.ts';
import type { PoolSettings } from '../config/pool-settings.ts';
import type { WorkerCrashedError } from '../errors/pool-errors.ts';
import type { WorkerExit } from '../invocation/outcome.ts';
import { Arrivals } from './arrivals.ts';
import { type Backlog, Capacity, isServing } from './capacity.ts';
import type { Code } from './code.ts';
import { FailedStarts, hasRunNothing } from './failed-starts.ts';
import type { FleetEvents } from './fleet-events.ts';
import { IdleWorkers } from './idle-workers.ts';
import { fieldsOf, logEnd, titleOf } from './output.ts';
import { firstWorkers, type Spares } from './spares.ts';
import { startHost } from './start-host.ts';
import { Worker } from './worker.ts';
import type { WorkerEvents } from './worker-events.ts';
import type { HostHandlers, WorkerHost } from './worker-host.ts';

export interface FleetOptions {
  readonly settings: PoolSettings;
  readonly spares: Spares;
  readonly log: Logger;
  /** The number of the next worker, from 1. */
  readonly nextWorkerId: () => number;
  readonly backlog: Backlog;
  readonly events: FleetEvents;
}

/** Owns the workers of a pool: starts, replaces, trims and ends them. Of invocations it knows only that they wait. */
export class Fleet {
  readonly #settings: PoolSettings;
  readonly #log: Logger;
  readonly #events: FleetEvents;
  readonly #workers = new Set<Worker>();
  readonly #idle = new IdleWorkers();
  readonly #nextWorkerId: () => number;
  readonly #capacity: Capacity;
  readonly #failedStarts = new FailedStarts();
  readonly #arrivals = new Arrivals();
  readonly #spares: Spares;
  #code: Code | undefined;
  /** How many workers are kept warm. */
  #min = 0;
  #isStopping = false;
  /** Whether something has run since a worker was stopped because it was idle. */
  #isActive = true;
  readonly #onEmpty: (() => void)[] = [];
  readonly #workerEvents: WorkerEvents;

  constructor({ settings, spares, log, nextWorkerId, backlog, events }: FleetOptions) {
    this.#settings = settings;
    this.#log = log;
    this.#nextWorkerId = nextWorkerId;
    this.#capacity = new Capacity(this.#workers, settings, backlog);
    this.#spares = spares;
    this.#events = events;
    this.#workerEvents = {
      ...events,
      onReady: (worker, descriptors) => this.#ready(worker, descriptors),
      onFree: (worker) => this.#freed(worker),
      onFinished: (record, durationMs) => {
        this.#capacity.ran(durationMs);
        events.onFinished(record, durationMs);
      },
      onWaits: (worker, functionName) => {
        this.#capacity.waits();
        events.onWaits(worker, functionName);
      },
      onGoesOn: (functionName) => {
        this.#capacity.goesOn();
        events.onGoesOn(functionName);
      },
      onIdle: (worker) => this.#trim(worker),
      onExit: (worker, exit, journal) => this.#ended(worker, exit, journal),
    };
  }

  get workers(): Iterable<Worker> {
    return this.#workers;
  }

  /** Whether its workers write down what they do. */
  get hasJournals(): boolean {
    for (const worker of this.#workers) if (!worker.hasJournal) return false;
    return true;
  }

  /** What is in service; undefined before the first is. */
  get code(): Code | undefined {
    return this.#code;
  }

  /** How many more invocations can run, in the workers there are or in ones that can be started. */
  get free(): number {
    return this.#capacity.free;
  }

  /** How deep an invocation has to be nested to be started now. */
  get shallowest(): number {
    return this.#capacity.shallowest;
  }

  takeIdle(): Worker | undefined {
    // Workers whose code was replaced may still run something.
    if (this.#idle.isEmpty || this.free === 0) return undefined;
    this.#isActive = true;
    return this.#idle.take();
  }

  /** Whether this worker can be handed one more of this function, ahead of time. */
  canHold(worker: Worker, functionName: string): boolean {
    return worker.code === this.#code && worker.canHold && worker.has(functionName);
  }

  /** Whether `scale` could start a worker with the code that serves. */
  get canGrow(): boolean {
    return this.#capacity.canGrow(this.#code);
  }

  /** Takes back an idle worker that was not used. */
  giveBack(worker: Worker): void {
    this.#idle.add(worker);
  }

  /**
   * Starts workers with this code; `onLoaded` tells when the first is ready. Until `switchTo` the others serve. Resolves
   * when `min` workers are warm with it, or with code that came after it. Rejects when no worker with it starts; then the
   * old code stays.
   */
  load(code: Code): Promise<void> {
    this.#retireNext();
    this.#failedStarts.reset();
    const arrival = this.#arrivals.begin(code);
    this.scale();
    return arrival;
  }

  /** This code, which has been loaded, is in service from now on: other workers are given nothing more. */
  switchTo(code: Code): void {
    this.#arrivals.arrived();
    this.#code = code;
    this.#min = isEmpty(code) ? 0 : this.#settings.min;
    this.#idle.clear();
  }

  /** After `switchTo`: workers with other code end what they run. */
  retireOthers(): void {
    for (const worker of this.#workers) {
      if (worker.code !== this.#code) worker.retire('its functions changed', 'reloaded');
      else if (isEmpty(worker.code)) worker.retire('its pool has no functions', 'reloaded');
    }
  }

  /** After `switchTo`: workers that were ready before can be given something. */
  admitReady(): void {
    for (const worker of this.#workers) this.#addIdle(worker);
    this.#checkWarm();
  }

  /** What is on its way into service will not get there. */
  abandon(error: Error): void {
    this.#retireNext();
    this.#arrivals.abandon(error);
  }

  /** Starts what is needed for what waits, at once. */
  scale(): void {
    if (!this.#isStopping) this.#failedStarts.whenDue(this.#startMissing);
  }

  /** Retires every worker; resolves when all processes are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#failedStarts.reset();
    this.abandon(new Error('the runtime was closed'));
    for (const worker of this.#workers) worker.retire('the runtime closes', 'closed');
    const spares = this.#spares.stop();
    if (this.#workers.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
    await spares;
  }

  /** Ends every worker now, whatever it runs. */
  kill(reason: string): void {
    this.#isStopping = true;
    this.#idle.clear();
    for (const worker of this.#workers) worker.kill(reason, 'closed');
    this.#spares.discard();
  }

  readonly #startMissing = (): void => {
    if (this.#isStopping) return;
    const { next } = this.#arrivals;
    if (next && isEmpty(next.code)) {
      if (!next.isLoaded) this.#loaded([]);
    } else if (next) {
      // As many as serve now, so that the change of code takes no capacity away.
      const serving = this.#capacity.count((worker) => worker.code === this.#code);
      const all = Math.max(firstWorkers, this.#settings.min, serving);
      this.#start(next.code, next.isLoaded || !next.code.isLoadedByOneFirst ? all : firstWorkers);
    }
    if (this.#code) this.#start(this.#code, this.#capacity.wanted(this.#code, this.#min, this.#isActive));
  };

  #start(code: Code, total: number): void {
    const there = this.#capacity.count((worker) => worker.code === code && worker.state !== 'draining');
    for (let missing = total - there; missing > 0; missing--) {
      const worker = new Worker(
        this.#nextWorkerId(),
        code,
        this.#settings,
        this.#workerEvents,
        this.#startHost,
      );
      this.#workers.add(worker);
      this.#log.debug(fieldsOf(worker), `${titleOf(worker)} starts`);
      this.#events.onStarting(worker);
    }
  }

  readonly #startHost = (handlers: HostHandlers): WorkerHost =>
    this.#spares.take(handlers) ?? startHost(this.#settings, handlers);

  #ready(worker: Worker, descriptors: readonly FunctionDescriptor[]): void {
    this.#events.onReady(worker);
    const { next } = this.#arrivals;
    if (worker.code === next?.code && !next.isLoaded) this.#loaded(descriptors);
    else this.#addIdle(worker, { isFresh: true });
    this.#capacity.started(worker);
    this.#replaceSoon(worker);
    this.#events.onFree();
  }

  #freed(worker: Worker): void {
    this.#failedStarts.forget();
    this.#addIdle(worker);
    this.#isActive = true;
    this.#replaceSoon(worker);
    this.#events.onFree();
  }

  /** Starts the one that takes its place, when it is time for that. */
  #replaceSoon(worker: Worker): void {
    const isNearlyOver = worker.code === this.#code && this.#capacity.isNearlyOver(worker);
    if (worker.state === 'draining' || isNearlyOver) this.scale();
  }

  /** A first worker has loaded what is coming; it says what it found. */
  #loaded(descriptors: readonly FunctionDescriptor[]): void {
    const { next } = this.#arrivals;
    if (!next) return;
    next.isLoaded = true;
    next.code.loaded(descriptors);
    this.#events.onLoaded(next.code);
    // Those that had to wait for the first.
    this.scale();
  }

  #checkWarm(): void {
    if (!this.#arrivals.isWarming) return;
    const warm = this.#capacity.count((worker) => worker.code === this.#code && isServing(worker));
    if (warm < this.#min) return;
    this.#arrivals.warm();
    if (this.#code) this.#spares.keepFor(this.#code, () => this.#capacity.isQuiet);
  }

  #addIdle(worker: Worker, { isFresh = false } = {}): void {
    if (worker.state !== 'ready' || worker.code !== this.#code) return;
    if (isFresh) this.#idle.addFresh(worker);
    else this.#idle.add(worker);
    this.#checkWarm();
    worker.watchIdleness(this.#settings.idleTimeoutMs);
  }

  #trim(worker: Worker): void {
    if (worker.state !== 'ready') return;
    if (this.#capacity.staying(worker) < this.#min) return;
    this.#idle.remove(worker);
    // Its place is not taken by another one, which would be as idle.
    this.#isActive = false;
    worker.retire('it was idle', 'idle');
  }

  #ended(worker: Worker, exit: WorkerExit, journal: JournalContent): void {
    this.#workers.delete(worker);
    this.#idle.remove(worker);
    logEnd(this.#log, worker, exit);
    const hopeless = this.#noteFailedStart(worker, exit, journal);
    this.#events.onEnd(worker, exit, journal);
    // After what this worker had is back in the queue: it is told as well.
    if (hopeless) this.#events.onHopeless(hopeless);
    if (this.#workers.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
    this.scale();
  }

  /** Returns the error for what waits, when no worker can be expected to start. */
  #noteFailedStart(
    worker: Worker,
    exit: WorkerExit,
    journal: JournalContent,
  ): WorkerCrashedError | undefined {
    if (this.#isStopping || !hasRunNothing(worker, journal)) return undefined;
    const isInService = worker.code === this.#code;
    if (!isInService && worker.code !== this.#arrivals.next?.code) return undefined;
    const error = this.#failedStarts.note(worker, exit, journal, isInService);
    if (!error || (isInService && this.#capacity.count(isProven) > 0)) return undefined;
    this.abandon(error);
    return isInService ? error : undefined;
  }

  #retireNext(): void {
    const { next } = this.#arrivals;
    if (!next) return;
    for (const worker of this.#workers) {
      if (worker.code === next.code) worker.retire('its functions are not wanted any more', 'reloaded');
    }
  }
}

/** Whether it has shown that it can run something: one that has just got ready may be about to die, as others did. */
function isProven({ state, invocations }: Worker): boolean {
  return state === 'busy' || (state === 'ready' && invocations > 0);
}

/** Whether there is nothing to run in it. */
function isEmpty({ sources }: Code): boolean {
  return sources.length === 0;
}

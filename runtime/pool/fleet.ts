import type { JournalContent } from '../channel/journal.ts';
import type { Logger } from '../config/logger.ts';
import type { PoolSettings } from '../config/pool-settings.ts';
import { WorkerCrashedError } from '../invocation/errors.ts';
import { describeExit, lastWords, type WorkerExit } from '../invocation/outcome.ts';
import type { Code } from './code.ts';
import { Culprits } from './culprits.ts';
import { StartFailures } from './start-failures.ts';
import { Worker, type WorkerEvents } from './worker.ts';

/** What a fleet tells its pool. */
export interface FleetEvents extends Pick<WorkerEvents, 'onLine' | 'onLog' | 'onReturned' | 'onFinished'> {
  /** A worker can take an invocation, its first or one more. */
  onFree(): void;
  /** A worker ended; whatever it had is the pool's to settle. */
  onEnd(worker: Worker, exit: WorkerExit, journal: JournalContent): void;
  /** Other code is in service. */
  onSwitch(code: Code): void;
  /** No worker starts; what waits should be told. */
  onHopeless(error: WorkerCrashedError): void;
}

/** Code on its way into service, and who waits for that. */
interface Arrival {
  readonly code: Code;
  readonly waiting: readonly { resolve(): void; reject(error: Error): void }[];
}

/** Even with a `min` of 0 one worker is started with new code: only a worker can tell what the functions are. */
const describingWorkers = 1;

/** Owns the workers of a pool: starts, replaces, trims and ends them. Of invocations it knows only that they wait. */
export class Fleet {
  readonly #settings: PoolSettings;
  readonly #log: Logger;
  readonly #events: FleetEvents;
  readonly #workers = new Set<Worker>();
  /** The most recently used is taken first, so that one sequential caller keeps to one worker. */
  readonly #idle: Worker[] = [];
  readonly #failures = new StartFailures();
  readonly #culprits = new Culprits();
  #code: Code | undefined;
  /** What is coming into service: until a first worker with it is ready it is not `#code`. */
  #next: Arrival | undefined;
  /** What is in service, but not yet in as many workers as are to be kept warm. */
  #warming: Arrival | undefined;
  #lastId = 0;
  #demand: () => number;
  #retry: NodeJS.Timeout | undefined;
  #isStopping = false;
  #onEmpty: (() => void)[] = [];

  /** `demand` tells how many invocations wait for a worker. */
  constructor(settings: PoolSettings, log: Logger, demand: () => number, events: FleetEvents) {
    this.#settings = settings;
    this.#log = log;
    this.#demand = demand;
    this.#events = events;
  }

  get workers(): Iterable<Worker> {
    return this.#workers;
  }

  /** What is in service; undefined before the first is. */
  get code(): Code | undefined {
    return this.#code;
  }

  /** How many more invocations can run, in the workers there are or in ones that can be started. */
  get free(): number {
    return Math.max(0, this.#settings.max - this.#count(isRunning));
  }

  takeIdle(): Worker | undefined {
    // Workers whose code was replaced may still run something.
    if (this.#idle.length === 0 || this.free === 0) return undefined;
    return this.#idle.pop();
  }

  /** Whether this worker can be handed one more of this function, ahead of time. */
  canHold(worker: Worker, functionName: string): boolean {
    return worker.code === this.#code && worker.canHold && worker.has(functionName);
  }

  /** Whether `scale` could start a worker with the code that serves. */
  get canGrow(): boolean {
    let serving = 0;
    for (const { code, state } of this.#workers) if (code === this.#code && state !== 'draining') serving++;
    return serving < this.#settings.max;
  }

  /** Takes back an idle worker that was not used. */
  giveBack(worker: Worker): void {
    this.#idle.push(worker);
  }

  /**
   * Brings this code into service: workers with it are started, and when the first is ready, the others are retired.
   * Until then they serve. Resolves when `min` workers are warm with it, or with code that came after it. Rejects when
   * no worker with it starts; then the old code stays.
   */
  load(code: Code): Promise<void> {
    const overtaken = [...(this.#next?.waiting ?? []), ...(this.#warming?.waiting ?? [])];
    this.#warming = undefined;
    this.#retireNext();
    // Other code may well start where the last did not: it needs no patience.
    this.#failures.succeeded();
    clearTimeout(this.#retry);
    this.#retry = undefined;
    return new Promise((resolve, reject) => {
      this.#next = { code, waiting: [...overtaken, { resolve, reject }] };
      this.scale();
    });
  }

  /** Starts what is needed for what waits, at once. */
  scale(): void {
    if (this.#isStopping || this.#retry) return;
    const { waitMs } = this.#failures;
    if (waitMs > 0) {
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.#startMissing();
      }, waitMs).unref();
    } else {
      this.#startMissing();
    }
  }

  /** Retires every worker; resolves when all processes are gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#retry);
    this.#abandon(new Error('the runtime was closed'));
    for (const worker of this.#workers) worker.retire('the runtime closes');
    if (this.#workers.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /** Ends every worker now, whatever it runs. */
  kill(reason: string): void {
    this.#isStopping = true;
    for (const worker of this.#workers) worker.kill(reason);
  }

  #startMissing(): void {
    if (this.#isStopping) return;
    if (this.#next) {
      // As many as serve now, so that the change of code takes no capacity away.
      const serving = this.#count((worker) => worker.code === this.#code);
      this.#start(this.#next.code, Math.max(describingWorkers, this.#settings.min, serving));
    }
    if (this.#code) {
      const busy = this.#count((worker) => worker.code === this.#code && worker.state === 'busy');
      const wanted = Math.max(this.#settings.min, busy + this.#demand());
      this.#start(this.#code, Math.min(this.#settings.max, wanted));
    }
  }

  #start(code: Code, total: number): void {
    const there = this.#count((worker) => worker.code === code && worker.state !== 'draining');
    for (let missing = total - there; missing > 0; missing--) {
      const worker = new Worker(
        ++this.#lastId,
        code,
        this.#settings,
        {
          onReady: (ready, descriptors) => {
            if (ready.code === this.#next?.code) this.#switchTo(ready.code, descriptors);
            this.#addIdle(ready);
            this.#events.onFree();
          },
          onFinished: this.#events.onFinished,
          onFree: (free) => {
            this.#failures.succeeded();
            this.#addIdle(free);
            this.#events.onFree();
          },
          onReturned: this.#events.onReturned,
          onExit: (gone, exit, journal) => this.#ended(gone, exit, journal),
          onLine: this.#events.onLine,
          onLog: this.#events.onLog,
        },
        (idle) => this.#trim(idle),
      );
      this.#workers.add(worker);
      this.#log.debug({ worker: worker.id, workerPid: worker.pid }, `worker ${worker.id} starts`);
    }
  }

  #switchTo(code: Code, descriptors: Parameters<Code['loaded']>[0]): void {
    const next = this.#next;
    this.#next = undefined;
    this.#warming = next;
    this.#code = code;
    code.loaded(descriptors);
    this.#idle.length = 0;
    for (const worker of this.#workers) {
      if (worker.code !== code) worker.retire('its functions changed');
    }
    this.#events.onSwitch(code);
  }

  #checkWarm(): void {
    const warm = this.#count((worker) => worker.code === this.#code && isServing(worker));
    if (!this.#warming || warm < this.#settings.min) return;
    for (const { resolve } of this.#warming.waiting) resolve();
    this.#warming = undefined;
  }

  #addIdle(worker: Worker): void {
    if (worker.state !== 'ready') return;
    this.#idle.push(worker);
    this.#checkWarm();
    worker.watchIdleness(this.#settings.idleTimeoutMs);
  }

  #trim(worker: Worker): void {
    const serving = this.#count((each) => each.code === worker.code && each.state !== 'draining');
    if (worker.state !== 'ready' || serving <= this.#settings.min) return;
    this.#forgetIdle(worker);
    worker.retire('it was idle');
  }

  #ended(worker: Worker, exit: WorkerExit, journal: JournalContent): void {
    this.#workers.delete(worker);
    this.#forgetIdle(worker);
    this.#report(worker, exit);
    const hopeless = this.#noteFailedStart(worker, exit, journal);
    this.#events.onEnd(worker, exit, journal);
    // After what this worker had is back in the queue: it is told as well.
    if (hopeless) this.#events.onHopeless(hopeless);
    if (this.#workers.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
    this.scale();
  }

  #report(worker: Worker, exit: WorkerExit): void {
    const fields = { worker: worker.id, workerPid: worker.pid, ...exit };
    const name = worker.title;
    if (worker.endReason) this.#log.debug(fields, `${name} has ended: ${worker.endReason}`);
    else if (worker.current) this.#log.debug(fields, `${name} ${describeExit(exit)}`);
    else if (worker.readyAt === Number.POSITIVE_INFINITY)
      this.#log.warn(fields, `${name} ${describeExit(exit)} while it started.${lastWords(exit)}`);
    else this.#log.warn(fields, `${name} ${describeExit(exit)} while it was idle.${lastWords(exit)}`);
  }

  /** Returns the error for what waits, when no worker can be expected to start. */
  #noteFailedStart(
    worker: Worker,
    exit: WorkerExit,
    journal: JournalContent,
  ): WorkerCrashedError | undefined {
    const neverReady = worker.readyAt === Number.POSITIVE_INFINITY;
    const wasTold = worker.endReason !== undefined && !neverReady;
    if (this.#isStopping || wasTold || hasBegun(worker, journal) || worker.invocations > 0) return undefined;
    if (worker.code !== this.#code && worker.code !== this.#next?.code) return undefined;
    const isInService = worker.code === this.#code;
    // In code that is in service every function has been loaded before: there it is what they need, a database for
    // example, that is missing for a while.
    const { loading } = journal;
    const culprit =
      loading === undefined || isInService ? undefined : this.#culprits.find(worker, exit, loading);
    if (culprit) {
      // One function's module ends the process, or never finishes: the others are served without it.
      const how = worker.endReason ?? describeExit(exit);
      worker.code.exclude(culprit.name, `the worker ${how} while it loaded the module.${lastWords(exit)}`);
      this.#failures.succeeded();
      return undefined;
    }
    // Of code that is in service it is known that workers get ready with it.
    const isFromOutside = isInService && exit.signal !== null && worker.endReason === undefined;
    this.#failures.failed(worker.spawnedAt, isFromOutside);
    if (!this.#failures.isHopeless) return undefined;
    const how = worker.endReason ?? describeExit(exit);
    const error = new WorkerCrashedError(`No worker starts: the last one ${how}.${lastWords(exit)}`, exit);
    if (isInService && this.#count(isProven) > 0) return undefined;
    this.#abandon(error);
    return isInService ? error : undefined;
  }

  /** Whatever is on its way into service will not get there. */
  #abandon(error: Error): void {
    const waiting = [...(this.#next?.waiting ?? []), ...(this.#warming?.waiting ?? [])];
    this.#warming = undefined;
    this.#retireNext();
    for (const { reject } of waiting) reject(error);
  }

  #retireNext(): void {
    const next = this.#next;
    this.#next = undefined;
    for (const worker of this.#workers) {
      if (worker.code === next?.code) worker.retire('its functions are not wanted any more');
    }
  }

  #forgetIdle(worker: Worker): void {
    const index = this.#idle.indexOf(worker);
    if (index !== -1) this.#idle.splice(index, 1);
  }

  #count(predicate: (worker: Worker) => boolean): number {
    let count = 0;
    for (const worker of this.#workers) if (predicate(worker)) count++;
    return count;
  }
}

/** Whether it began with what it was given before it ended. */
function hasBegun({ current }: Worker, { started }: JournalContent): boolean {
  return current !== undefined && (started === undefined || started >= current.run);
}

/** Whether it has shown that it can run something: one that has just got ready may be about to die, as others did. */
function isProven({ state, invocations }: Worker): boolean {
  return state === 'busy' || (state === 'ready' && invocations > 0);
}

function isRunning({ load }: Worker): boolean {
  return load > 0;
}

function isServing({ state }: Worker): boolean {
  return state === 'ready' || state === 'busy';
}

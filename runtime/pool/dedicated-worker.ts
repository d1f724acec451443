import { Arena } from '../channel/arena.ts';
import type { EncodedValue } from '../channel/codec.ts';
import type { JournalContent } from '../channel/journal/reader.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import type { Logger } from '../config/logger.ts';
import type { PoolSettings } from '../config/pool-settings.ts';
import { WorkerCrashedError } from '../errors/pool-errors.ts';
import type { ExitReason } from '../figures/exit-reason.ts';
import type { PoolObserver } from '../figures/pool-observer.ts';
import { describeExit, type Failure, lastWords, type WorkerExit } from '../invocation/outcome.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { SpawnDestination } from '../invocation/spawn.ts';
import type { SpawnedListener } from '../invocation/spawned.ts';
import { settleCrash } from './crash.ts';
import type { DedicatedCode } from './dedicated-code.ts';
import { exitReasonOf } from './exit-reason.ts';
import type { KeepAlive } from './keep-alive.ts';
import { fieldsOf, logEnd, logFromWorker, logLine, titleOf } from './output.ts';
import type { Spares } from './spares.ts';
import { startHost } from './start-host.ts';
import { StepwiseKill } from './stepwise-kill.ts';
import { encodeFailure } from './turn.ts';
import { Worker } from './worker.ts';
import type { WorkerEvents } from './worker-events.ts';
import type { HostHandlers, WorkerHost } from './worker-host.ts';

export interface DedicatedOptions {
  readonly settings: PoolSettings;
  readonly spares: Spares;
  readonly log: Logger;
  readonly keepAlive: KeepAlive;
  readonly nextWorkerId: () => number;
  readonly observer: PoolObserver;
  readonly onCall: WorkerEvents['onCall'];
  readonly arbiter: WorkerEvents['arbiter'];
  /** It is started. */
  readonly onStart: (worker: DedicatedWorker) => void;
  /** Its process or thread is gone. */
  readonly onGone: (worker: DedicatedWorker) => void;
}

/** What ends a function before it ends by itself. */
interface Ending {
  readonly failure: Failure;
  readonly cause: ExitReason;
}

/**
 * A worker for one spawned function: it is started for it, handed nothing else, and retired after it. Beside a pool, not in
 * it: none of its limits counts it.
 *
 * Other than that of an invocation its end is told when the function has ended, and not when it was told to: with what it still
 * has to say, and its result if there is one.
 */
export class DedicatedWorker implements SpawnDestination {
  readonly #code: DedicatedCode;
  readonly #listener: SpawnedListener;
  readonly #options: DedicatedOptions;
  #run: { readonly record: InvocationRecord; readonly worker: Worker } | undefined;
  #host: WorkerHost | undefined;
  #stepwiseKill: StepwiseKill | undefined;
  #ending: Ending | undefined;
  #hasFinished = false;
  #tellGone: () => void = () => {};
  #gone = Promise.resolve();

  constructor(code: DedicatedCode, listener: SpawnedListener, options: DedicatedOptions) {
    this.#code = code;
    this.#listener = listener;
    this.#options = options;
  }

  get arena(): Arena | undefined {
    return this.#options.settings.isolation === 'process' ? Arena.current : undefined;
  }

  get pid(): number | undefined {
    return this.#host?.pid;
  }

  get threadId(): number | undefined {
    return this.#host?.threadId;
  }

  get worker(): Worker | undefined {
    return this.#run?.worker;
  }

  get gone(): Promise<void> {
    return this.#gone;
  }

  submit(record: InvocationRecord): void {
    const { settings, nextWorkerId, observer, keepAlive, log, onStart } = this.#options;
    record.isAccepted = true;
    keepAlive.hold();
    this.#gone = new Promise((resolve) => {
      this.#tellGone = resolve;
    });
    observer.queued(record);
    const worker = new Worker(nextWorkerId(), this.#code, settings, this.#eventsOf(record), this.#start);
    this.#run = { record, worker };
    log.debug(fieldsOf(worker), `${titleOf(worker)} starts for ${record.functionName} alone`);
    observer.workerStarting(worker);
    onStart(this);
  }

  cancel(_record: InvocationRecord, reason: unknown): void {
    this.#tellToEnd({ failure: { kind: 'cancelled', reason }, cause: 'cancelled' });
  }

  /** It has one attempt; and what it was told to end for is why it has. */
  retry(_record: InvocationRecord, failure: Failure): Failure {
    return this.#ending?.failure ?? failure;
  }

  ended(record: InvocationRecord): void {
    this.#options.observer.spawnedEnded(record);
  }

  /** The runtime is being closed: the function is asked to end. */
  close(errorOf: (record: InvocationRecord) => Error): void {
    if (this.#run) this.#tellToEnd(closedBy(errorOf(this.#run.record)));
  }

  kill(): void {
    this.#kill({ failure: { kind: 'cancelled', reason: 'it was killed' }, cause: 'cancelled' });
  }

  /** The deadline of a close has passed. */
  killByClose(errorOf: (record: InvocationRecord) => Error): void {
    if (this.#run) this.#kill(closedBy(errorOf(this.#run.record)));
  }

  sendMessage(body: EncodedValue): void {
    this.#tell({ type: 'message' }, body);
  }

  endMessages(): void {
    this.#tell({ type: 'messagesEnd' });
  }

  tellRead(count: number): void {
    this.#tell({ type: 'messagesRead', count });
  }

  #tellToEnd(ending: Ending): void {
    if (!this.#run || this.#run.record.hasEnded || this.#ending) return;
    const { record, worker } = this.#run;
    this.#ending = ending;
    if (worker.current) {
      this.#tell({ type: 'abort', run: worker.current.run }, encodeFailure(ending.failure, record));
      this.#stepwiseKill?.start();
      return;
    }
    worker.kill('what it was started for is not wanted any more', ending.cause);
    this.#finish(record);
  }

  #kill(ending: Ending): void {
    if (!this.#run) return;
    const { record, worker } = this.#run;
    if (!record.hasEnded) this.#ending ??= ending;
    worker.kill('it was told to end at once', ending.cause);
  }

  #tell(message: ToWorker, body?: EncodedValue): void {
    this.#host?.send(message, body);
  }

  readonly #start = (handlers: HostHandlers): WorkerHost => {
    const { settings, spares } = this.#options;
    const own: HostHandlers = {
      ...handlers,
      onMessage: (message, body) => {
        if (!this.#heard(message, body)) handlers.onMessage(message, body);
      },
    };
    const host = spares.take(own) ?? startHost(settings, own);
    this.#host = host;
    this.#stepwiseKill = new StepwiseKill(host, settings.killGraceMs);
    this.#tell({ type: 'converse' });
    return host;
  };

  /** Whether it is of what the function and the program say to each other. */
  #heard(message: FromWorker, body: EncodedValue | undefined): boolean {
    if (message.type === 'message') this.#listener.onMessage(body);
    else if (message.type === 'messagesRead') this.#listener.onMessagesRead(message.count);
    else return false;
    return true;
  }

  #eventsOf(record: InvocationRecord): WorkerEvents {
    const { observer, log, onCall, arbiter } = this.#options;
    return {
      onReady: (worker) => {
        observer.workerReady(worker);
        if (record.request) worker.hand(record, record.request);
      },
      onStarted: (each, worker) => observer.started(each, worker),
      onFinished: () => {},
      // What is spawned comes by itself.
      onResults: () => {},
      onSplit: () => {},
      onFree: (worker) => {
        this.#hasFinished = true;
        this.#stepwiseKill?.stop();
        worker.retire('its function has ended', 'finished');
        this.#finish(record);
      },
      onReturned: () => {},
      onCall,
      arbiter,
      // It takes no place that it could give up.
      onWaits: () => {},
      onGoesOn: () => {},
      onIdle: () => {},
      onExit: (worker, exit, journal) => this.#exited(record, worker, exit, journal),
      onLine: (worker, stream, line) => logLine(log, worker, stream, line),
      onLog: (worker, line, fields) => logFromWorker(log, worker, line, fields),
    };
  }

  #finish(record: InvocationRecord): void {
    if (!record.hasEnded && this.#ending) record.end(this.#ending.failure, this.worker?.memoryMB);
    this.#listener.onEnd(this.#ending !== undefined);
  }

  #exited(record: InvocationRecord, worker: Worker, exit: WorkerExit, journal: JournalContent): void {
    const { log, observer, keepAlive, onGone } = this.#options;
    this.#stepwiseKill?.stop();
    logEnd(log, worker, exit);
    const reason = this.#hasFinished ? 'finished' : (this.#ending?.cause ?? exitReasonOf(worker, journal));
    if (!this.#ending) settleCrash(worker, exit, journal, log);
    // It died before it began with it.
    if (!this.#ending && !record.hasEnded)
      record.end({ kind: 'refused', error: startError(record, worker, exit) });
    observer.workerExited(worker, reason, exit);
    this.#finish(record);
    keepAlive.release();
    onGone(this);
    this.#tellGone();
  }
}

function closedBy(error: Error): Ending {
  return { failure: { kind: 'refused', error }, cause: 'closed' };
}

function startError(record: InvocationRecord, worker: Worker, exit: WorkerExit): WorkerCrashedError {
  const { functionName, id: invocationId } = record;
  const how = worker.endReason ?? describeExit(exit);
  return new WorkerCrashedError(
    `The worker for "${functionName}" ${how} before it could begin.${lastWords(exit)}`,
    { functionName, invocationId, ...exit },
  );
}

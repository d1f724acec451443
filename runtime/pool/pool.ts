import type { Logger } from '../config/logger.ts';
import type { PoolSettings } from '../config/pool-settings.ts';
import { QueueFullError, type RuntimeClosedError } from '../invocation/errors.ts';
import { describeExit, lastWords, type Outcome, type WorkerExit } from '../invocation/outcome.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { Code } from './code.ts';
import { Fleet } from './fleet.ts';
import type { KeepAlive } from './keep-alive.ts';
import { logFromWorker, logLine } from './output.ts';
import { InvocationQueue } from './queue.ts';
import type { Worker } from './worker.ts';
import type { LastMarks } from './worker-process.ts';

export interface PoolOptions {
  readonly name: string;
  readonly settings: PoolSettings;
  readonly log: Logger;
  readonly keepAlive: KeepAlive;
}

/** Runs invocations in workers: queues what waits, hands out what can run, and settles each exactly once. */
export class Pool {
  readonly name: string;
  readonly #settings: PoolSettings;
  readonly #log: Logger;
  readonly #keepAlive: KeepAlive;
  readonly #queue = new InvocationQueue();
  readonly #fleet: Fleet;
  /** How many were submitted and have not been settled. */
  #unsettled = 0;
  #onDrained: (() => void)[] = [];

  constructor({ name, settings, log, keepAlive }: PoolOptions) {
    this.name = name;
    this.#settings = settings;
    this.#log = log;
    this.#keepAlive = keepAlive;
    this.#fleet = new Fleet(settings, log, () => this.#queue.size, {
      onFree: () => {
        this.#dispatch();
        this.#checkDrained();
      },
      onEnd: (worker, exit, marks) => this.#workerEnded(worker, exit, marks),
      onSwitch: (code) => this.#refuseRemoved(code),
      onHopeless: (error) => this.#refuseQueued(() => ({ kind: 'refused', error })),
      onLine: (worker, stream, line) => logLine(log, worker, stream, line),
      onLog: (worker, envelope) => logFromWorker(log, worker, envelope),
    });
  }

  /** See Fleet.load. */
  load(code: Code): Promise<void> {
    return this.#keepAlive.during(this.#fleet.load(code));
  }

  submit(record: InvocationRecord): void {
    // What a worker can take at once, or as soon as it has started, doesn't wait in the queue.
    if (this.#queue.size >= this.#settings.queueLimit + this.#fleet.free) {
      const { functionName, id: invocationId } = record;
      const message = `The queue is full: ${this.#queue.size} invocations wait already (queueLimit).`;
      record.end({ kind: 'refused', error: new QueueFullError(message, { functionName, invocationId }) });
      return;
    }
    this.#unsettled++;
    this.#keepAlive.hold();
    record.whenEnded(() => {
      this.#unsettled--;
      this.#keepAlive.release();
      this.#checkDrained();
    });
    this.#queue.push(record);
    this.#dispatch();
  }

  cancel(record: InvocationRecord, reason: unknown): void {
    for (const { execution } of this.#fleet.workers) {
      if (execution?.record !== record) continue;
      execution.abandon({ kind: 'cancelled', reason });
      return;
    }
    this.#queue.remove(record);
    record.end({ kind: 'cancelled', reason });
  }

  get queued(): number {
    return this.#queue.size;
  }

  get running(): number {
    let running = 0;
    for (const { execution } of this.#fleet.workers) if (execution) running++;
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
    for (const { execution } of this.#fleet.workers) {
      execution?.record.end({ kind: 'refused', error: error(execution.record) });
    }
    this.#fleet.kill('the runtime was closed with a deadline');
  }

  /** Stops the workers; resolves when their processes are gone. */
  stop(): Promise<void> {
    return this.#keepAlive.during(this.#fleet.stop());
  }

  #dispatch(): void {
    while (this.#queue.size > 0) {
      const worker = this.#fleet.takeIdle();
      if (!worker) break;
      const record = this.#queue.shift() as InvocationRecord;
      if (record.request && worker.has(record.functionName)) {
        worker.run(record, record.request);
        continue;
      }
      record.end({ kind: 'refused', error: worker.code.refusal(record.functionName, record.id) });
      this.#fleet.giveBack(worker);
    }
    if (this.#queue.size > 0) this.#fleet.scale();
  }

  #workerEnded(worker: Worker, exit: WorkerExit, { started }: LastMarks): void {
    const { execution } = worker;
    if (!execution) {
      this.#checkDrained();
      return;
    }
    const { record } = execution;
    if (!record.hasEnded && started !== undefined && started < execution.run) {
      // It died before it began with this one: nobody can tell that it was ever handed out.
      record.putBack();
      this.#queue.unshift(record);
      this.#dispatch();
    } else if (!record.hasEnded) {
      const { functionName, id } = record;
      this.#log.error(
        { worker: worker.id, workerPid: worker.pid, function: functionName, invocation: id, ...exit },
        `worker ${worker.id} (pid ${worker.pid}) ${describeExit(exit)} while it ran ${functionName}.${lastWords(exit)}`,
      );
      record.end({ kind: 'crashed', exit }, worker.memoryMB);
    }
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

import { decodeValue } from '../channel/codec.ts';
import type { Envelope, FromWorker, FunctionDescriptor, FunctionSource } from '../channel/messages.ts';
import type { PoolSettings } from '../config/pool-settings.ts';
import { startTimer } from '../config/timer.ts';
import type { WorkerExit } from '../invocation/outcome.ts';
import type { InvocationRecord, Request } from '../invocation/record.ts';
import type { Code } from './code.ts';
import { Execution } from './execution.ts';
import { type LastMarks, WorkerProcess } from './worker-process.ts';

export type WorkerState = 'starting' | 'ready' | 'busy' | 'draining' | 'exited';

/** Whom a line of a log belongs to. */
export type Speaker = Pick<InvocationRecord, 'functionName' | 'id'>;

export interface WorkerEvents {
  onReady(worker: Worker, descriptors: readonly FunctionDescriptor[]): void;
  /** It has ended an invocation; unless it is `draining` it can take the next. */
  onFinished(worker: Worker): void;
  onExit(worker: Worker, exit: WorkerExit, marks: LastMarks): void;
  onLine(worker: Worker, stream: 'stdout' | 'stderr', line: string): void;
  onLog(worker: Worker, envelope: Envelope<Extract<FromWorker, { type: 'log' }>>): void;
}

/**
 * One worker of a pool: `starting → ready ⇄ busy → draining → exited`. It runs one invocation at a time.
 */
export class Worker {
  readonly id: number;
  readonly code: Code;
  /** What of its code it loads. */
  readonly sources: readonly FunctionSource[];
  readonly spawnedAt = performance.now();
  readyAt = Number.POSITIVE_INFINITY;
  memoryMB = 0;
  /** How many invocations have ended in it. */
  invocations = 0;
  state: WorkerState = 'starting';
  execution: Execution | undefined;
  /** Set when it was told or forced to end, so that its end surprises nobody; says why. */
  endReason: string | undefined;

  readonly #process: WorkerProcess;
  readonly #settings: PoolSettings;
  readonly #events: WorkerEvents;
  readonly #indexes: ReadonlyMap<string, number>;
  #runs = 0;
  /** Without the record itself, which would keep the result in memory. */
  #last: (Speaker & { run: number }) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(id: number, code: Code, settings: PoolSettings, events: WorkerEvents) {
    this.id = id;
    this.code = code;
    this.#settings = settings;
    this.#events = events;
    this.sources = code.sources;
    this.#indexes = new Map(this.sources.map(({ name }, index) => [name, index]));
    this.#process = new WorkerProcess({
      execArgv: settings.execArgv,
      env: settings.env,
      onMessage: (envelope) => this.#receive(envelope),
      onLine: (stream, line) => events.onLine(this, stream, line),
      onExit: (exit, marks) => this.#exited(exit, marks),
    });
    this.#process.send({ type: 'load', functions: this.sources, root: code.root });
    const { loadTimeoutMs } = settings;
    this.#timer = startTimer(
      () => this.kill(`had not loaded its functions after ${loadTimeoutMs} ms`),
      loadTimeoutMs,
    )?.unref();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  has(functionName: string): boolean {
    return this.#indexes.has(functionName);
  }

  /** Runs an invocation of a function that it has; it has to be `ready`. */
  run(record: InvocationRecord, request: Request): void {
    clearTimeout(this.#timer);
    this.state = 'busy';
    // It waited for this worker as long as the worker was not ready and it was there.
    const initMs = this.invocations === 0 ? this.readyAt - Math.max(this.spawnedAt, record.submittedAt) : 0;
    record.start(this.id, Math.max(0, initMs));
    this.execution = new Execution({
      record,
      request,
      run: ++this.#runs,
      process: this.#process,
      functionIndex: this.#indexes.get(record.functionName) as number,
      timeoutMs: request.timeoutMs ?? this.code.timeoutOf(record.functionName) ?? this.#settings.timeoutMs,
      killGraceMs: this.#settings.killGraceMs,
      memoryMB: () => this.memoryMB,
    });
  }

  /** Whose run this is, or was the last time: a function may go on after its end. */
  speakerOf(run: number): Speaker | undefined {
    if (this.execution?.run === run) return this.execution.record;
    return this.#last?.run === run ? this.#last : undefined;
  }

  /** Calls back when it has been idle for so long; a run ends the wait. */
  whenIdleFor(ms: number, callback: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = startTimer(callback, ms)?.unref();
  }

  /** Lets it end what it runs, then stops it, politely first. */
  retire(reason: string): void {
    if (this.state === 'draining' || this.state === 'exited') return;
    const isIdle = this.state === 'ready';
    const isStarting = this.state === 'starting';
    this.state = 'draining';
    this.endReason = reason;
    if (isIdle) this.#stop();
    else if (isStarting) this.kill(reason);
  }

  kill(reason: string): void {
    if (this.state === 'exited') return;
    this.state = 'draining';
    this.endReason = reason;
    this.#process.kill('SIGKILL');
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#process.send({ type: 'stop' });
    const { killGraceMs } = this.#settings;
    this.#timer = startTimer(() => {
      this.#process.kill('SIGTERM');
      this.#timer = startTimer(() => this.#process.kill('SIGKILL'), killGraceMs);
    }, killGraceMs);
  }

  #receive({ message, body }: Envelope<FromWorker>): void {
    switch (message.type) {
      case 'ready':
        clearTimeout(this.#timer);
        if (this.state !== 'starting' || !body) return;
        this.state = 'ready';
        this.readyAt = performance.now();
        this.memoryMB = message.memoryMB;
        this.#events.onReady(this, decodeValue(body) as FunctionDescriptor[]);
        break;
      case 'succeeded':
      case 'failed':
        this.execution?.functionEnded(message.run);
        this.#process.afterOutput(message.output, () => this.#finished({ message, body }));
        break;
      case 'progress':
        if (message.run === this.execution?.run && body) this.execution.record.reportProgress(body);
        break;
      case 'log':
        this.#events.onLog(this, { message, body });
    }
  }

  #finished(envelope: Parameters<Execution['finish']>[0]): void {
    const execution = this.execution;
    if (!execution || envelope.message.run !== execution.run) return;
    this.execution = undefined;
    const { functionName, id } = execution.record;
    this.#last = { run: execution.run, functionName, id };
    this.invocations++;
    this.memoryMB = envelope.message.memoryMB;
    execution.finish(envelope);
    if (this.state === 'busy') this.state = 'ready';
    else if (this.state === 'draining') this.#stop();
    this.#events.onFinished(this);
  }

  #exited(exit: WorkerExit, marks: LastMarks): void {
    clearTimeout(this.#timer);
    this.execution?.stopTimers();
    this.#events.onExit(this, exit, marks);
    this.state = 'exited';
  }
}

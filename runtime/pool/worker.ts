import { decodeValue, type EncodedValue } from '../channel/codec.ts';
import type { JournalContent } from '../channel/journal.ts';
import type {
  Envelope,
  FromWorker,
  FunctionDescriptor,
  FunctionSource,
  ToWorker,
} from '../channel/messages.ts';
import { defaultPool, type Isolation, type PoolSettings } from '../config/pool-settings.ts';
import { isLimit, startTimer } from '../config/timer.ts';
import type { ExitReason } from '../figures/exit-reason.ts';
import { depthOf } from '../invocation/nesting.ts';
import type { WorkerExit } from '../invocation/outcome.ts';
import type { InvocationRecord, Nesting, Request } from '../invocation/record.ts';
import type { Code } from './code.ts';
import { LazyTimer } from './lazy-timer.ts';
import { type EarlyOutcome, encodeFailure, outcomeOf, type RunEnd, type Turn } from './turn.ts';
import { Wear } from './wear.ts';
import { WorkerCalls } from './worker-calls.ts';
import type { WorkerHost } from './worker-host.ts';
import { WorkerProcess } from './worker-process.ts';
import type { WorkerState } from './worker-state.ts';
import { WorkerThread } from './worker-thread.ts';

type RunMessage = Extract<ToWorker, { type: 'run' }>;

/** Whom a line of a log belongs to. */
export type Speaker = Pick<InvocationRecord, 'functionName' | 'invocationId'>;

export interface WorkerEvents {
  onReady(worker: Worker, descriptors: readonly FunctionDescriptor[]): void;
  /** The worker of this number begins with it. */
  onStarted(record: InvocationRecord, worker: number): void;
  /** A run took so long; its caller may have been settled before. */
  onFinished(record: InvocationRecord, durationMs: number): void;
  /** It has one less in its hands, maybe none: unless it is `draining` it can take another one. */
  onFree(worker: Worker): void;
  /** These were handed to it, and it will not begin them: what of them has not ended is to run elsewhere, in this order. */
  onReturned(records: readonly InvocationRecord[]): void;
  /** What it runs asks for an invocation of its own, with these arguments and options. */
  onCall(child: InvocationRecord, args: EncodedValue, options: Readonly<Record<string, unknown>>): void;
  /** What it runs, of this function, waits for such invocations from now on. */
  onWaits(worker: Worker, functionName: string): void;
  /** They have ended. */
  onGoesOn(functionName: string): void;
  onExit(worker: Worker, exit: WorkerExit, journal: JournalContent): void;
  onLine(worker: Worker, stream: 'stdout' | 'stderr', line: string): void;
  onLog(worker: Worker, envelope: Envelope<Extract<FromWorker, { type: 'log' }>>): void;
}

/**
 * One worker of a pool: `starting → ready ⇄ busy → draining → exited`. It runs one invocation at a time; more may have
 * been handed to it ahead, which are queued still.
 *
 * The caller of an invocation may be settled before the function has ended, by a timeout or a cancel; the worker stays
 * taken until the function has ended too, or has been killed: the signal at once, SIGTERM after `killGrace`, SIGKILL
 * after twice that.
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
  /** Set when it was told or forced to end, so that its end surprises nobody; says why. */
  endReason: string | undefined;
  #endCause: ExitReason | undefined;

  readonly #host: WorkerHost;
  readonly #settings: PoolSettings;
  readonly #events: WorkerEvents;
  readonly #indexes: ReadonlyMap<string, number>;
  /** The first one runs. */
  readonly #turns: Turn[] = [];
  #runs = 0;
  /** Whose run ended last. Not the record itself, which would keep the result in memory. */
  readonly #last: { run: number } & { -readonly [Key in keyof Speaker]?: Speaker[Key] } = { run: 0 };
  /** What is sent for each invocation. It is written into the next batch at once: one object does for all. */
  readonly #runMessage: { -readonly [Key in keyof RunMessage]?: RunMessage[Key] } = { type: 'run' };
  readonly #wear: Wear;
  readonly #calls: WorkerCalls;
  readonly #timeout = new LazyTimer(() => this.#timedOut());
  readonly #idleness: LazyTimer;
  #loadTimer: NodeJS.Timeout | undefined;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(
    id: number,
    code: Code,
    settings: PoolSettings,
    events: WorkerEvents,
    onIdle: (worker: Worker) => void,
  ) {
    this.id = id;
    this.code = code;
    this.#settings = settings;
    this.#events = events;
    this.#wear = new Wear(settings);
    this.#idleness = new LazyTimer(() => onIdle(this));
    this.sources = code.sources;
    this.#indexes = new Map(this.sources.map(({ name }, index) => [name, index]));
    const Host = settings.isolation === 'thread' ? WorkerThread : WorkerProcess;
    this.#host = new Host({
      execArgv: settings.execArgv,
      env: settings.env,
      onMessage: (message, body) => this.#receive(message, body),
      onLine: (stream, line) => events.onLine(this, stream, line),
      onExit: (exit, journal) => this.#exited(exit, journal),
    });
    this.#calls = new WorkerCalls({
      submit: events.onCall,
      answer: (message, body) => this.#host.send(message, body),
      onWaits: (functionName) => events.onWaits(this, functionName),
      onGoesOn: events.onGoesOn,
    });
    const { maxMemory } = settings;
    this.#host.send({
      type: 'load',
      functions: this.sources,
      root: code.root,
      maxMemory: Number.isFinite(maxMemory) ? maxMemory : 0,
    });
    const { loadTimeoutMs } = settings;
    this.#loadTimer = startTimer(
      () => this.kill(`had not loaded its functions after ${loadTimeoutMs} ms`, 'notStarted'),
      loadTimeoutMs,
    )?.unref();
  }

  get isolation(): Isolation {
    return this.#host.isolation;
  }

  /** The name of its pool. */
  get pool(): string {
    return this.#settings.name;
  }

  get pid(): number | undefined {
    return this.#host.pid;
  }

  get threadId(): number | undefined {
    return this.#host.threadId;
  }

  /** What a log calls it. */
  get title(): string {
    const { id, pool, pid, threadId } = this;
    const of = pool === defaultPool ? '' : ` of the pool "${pool}"`;
    return `worker ${id}${of} (${threadId === undefined ? `pid ${pid}` : `thread ${threadId}`})`;
  }

  /** Why it has ended. */
  exitReason({ overrun }: JournalContent): ExitReason {
    if (this.#endCause) return this.#endCause;
    const current = this.#turns[0];
    if (current && overrun?.run === current.run) return 'overMemory';
    // What it ran was given up before: it was killed for that.
    const status = current?.record.status;
    if (status === 'timedOut' || status === 'cancelled') return status;
    return this.readyAt === Number.POSITIVE_INFINITY ? 'notStarted' : 'crashed';
  }

  has(functionName: string): boolean {
    return this.#indexes.has(functionName);
  }

  /** The invocation that it runs. */
  get current(): Turn | undefined {
    return this.#turns[0];
  }

  /** All that is in its hands, in the order it was handed over. */
  get turns(): readonly Turn[] {
    return this.#turns;
  }

  /** How many invocations are in its hands. */
  get load(): number {
    return this.#turns.length;
  }

  /** Whether it has been given all that it may ever run. */
  get isSpent(): boolean {
    return this.#wear.left <= this.#turns.length;
  }

  /** Whether it will have to be replaced within some `ms`: the next one can be started. */
  isNearlyOver(ms: number): boolean {
    return this.#wear.isNearlyOver(ms, this.#turns.length);
  }

  /** How deep what it runs is nested. */
  get depth(): number {
    return this.#turns[0] ? depthOf(this.#turns[0].record) : 0;
  }

  /** Whether what it runs waits for invocations of its own. */
  get isWaiting(): boolean {
    return this.#calls.areOpen;
  }

  /** Whether more can be handed to it ahead of time: what runs has not been given up, and doesn't wait for others. */
  get canHold(): boolean {
    return (
      this.state === 'busy' &&
      !this.isWaiting &&
      !this.isSpent &&
      this.#host.canTakeBack &&
      this.#turns[0]?.record.hasEnded === false
    );
  }

  /** Gives it an invocation of a function that it has; it has to be `ready`, or `canHold`. */
  hand(record: InvocationRecord, request: Request): void {
    const index = this.#indexes.get(record.functionName) as number;
    const ownTimeoutMs =
      request.timeoutMs ?? this.code.timeoutOf(record.functionName) ?? this.#settings.timeoutMs;
    const timeoutMs = record.nesting ? withinParent(record.nesting, ownTimeoutMs) : ownTimeoutMs;
    const turn: Turn = { record, run: ++this.#runs, timeoutMs, since: 0 };
    const isAhead = this.#turns.length > 0;
    this.#turns.push(turn);
    const message = this.#runMessage;
    message.run = turn.run;
    message.functionIndex = index;
    message.invocationId = record.invocationId;
    message.attempt = record.attempt;
    message.isAhead = isAhead;
    message.timeoutMs = isLimit(timeoutMs) ? timeoutMs : 0;
    message.cwd = request.cwd;
    const { args } = request;
    if (typeof args !== 'string' && args.isTransfer && !isAhead && this.#isLastAttempt(record, request)) {
      this.#host.give(message as RunMessage, args);
    } else {
      this.#host.send(message as RunMessage, args);
    }
    if (isAhead) return;
    this.state = 'busy';
    this.#idleness.clear();
    this.#begin(turn, performance.now());
  }

  /** Takes back what it holds and has not begun, in the order it was handed over. */
  takeBack(): InvocationRecord[] {
    const [, firstHeld] = this.#turns;
    if (!firstHeld) return [];
    const started = this.#host.takeBack(firstHeld.run, this.#runs + 1);
    const first = this.#turns.findIndex(({ run }, index) => index > 0 && run > started);
    return first === -1 ? [] : this.#turns.splice(first).map(({ record }) => record);
  }

  /** Settles the caller of one that has begun, and sees to it that the function ends as well. */
  abandon(record: InvocationRecord, outcome: EarlyOutcome): void {
    const turn = this.#turns.find((each) => each.record === record);
    if (!turn || record.hasEnded) return;
    this.#host.send({ type: 'abort', run: turn.run }, encodeFailure(outcome, record));
    record.end(outcome, this.memoryMB);
    if (turn !== this.#turns[0]) return; // until it is, which the worker knows already
    this.#giveTimeToEnd();
    this.#events.onReturned(this.takeBack());
  }

  /** Whose run this is, or was the last time: a function may go on after its end. */
  speakerOf(run: number): Speaker | undefined {
    const turn = this.#turns.find((each) => each.run === run);
    if (turn) return turn.record;
    const { functionName, invocationId } = this.#last;
    return this.#last.run === run && functionName && invocationId
      ? { functionName, invocationId }
      : undefined;
  }

  /** Calls back `onIdle` when it has been idle for so long; a run ends the wait. */
  watchIdleness(ms: number): void {
    this.#idleness.set(ms);
  }

  /** Lets it end what it runs, then stops it, politely first. */
  retire(reason: string, cause: ExitReason): void {
    if (this.state === 'draining' || this.state === 'exited') return;
    const { state } = this;
    this.state = 'draining';
    this.endReason = reason;
    this.#endCause = cause;
    if (state === 'ready') this.#stop();
    else if (state === 'starting') this.kill(reason, cause);
    else this.#events.onReturned(this.takeBack());
  }

  kill(reason: string, cause: ExitReason): void {
    if (this.state === 'exited') return;
    this.state = 'draining';
    this.endReason = reason;
    this.#endCause = cause;
    this.#host.kill('SIGKILL');
  }

  #isLastAttempt({ attempt, functionName }: InvocationRecord, request: Request): boolean {
    const policy = request.retry ?? this.code.retryOf(functionName);
    return policy === undefined || attempt >= policy.attempts;
  }

  #stop(): void {
    this.#idleness.clear();
    this.#host.send({ type: 'stop' });
    this.#killStepwise();
  }

  #killStepwise(): void {
    const { killGraceMs } = this.#settings;
    clearTimeout(this.#killTimer);
    this.#killTimer = startTimer(() => {
      this.#host.kill('SIGTERM');
      this.#killTimer = startTimer(() => this.#host.kill('SIGKILL'), killGraceMs);
    }, killGraceMs);
  }

  #giveTimeToEnd(): void {
    this.#timeout.clear();
    this.#killStepwise();
  }

  #begin(turn: Turn, now: number): void {
    turn.since = now;
    this.#host.forgetOutput();
    if (turn.record.hasEnded) {
      this.#giveTimeToEnd();
      return;
    }
    // It waited for this worker as long as the worker was not ready and it was there.
    const initMs =
      this.invocations === 0 ? this.readyAt - Math.max(this.spawnedAt, turn.record.submittedAt) : 0;
    turn.record.start(this.id, Math.max(0, initMs), now);
    this.#events.onStarted(turn.record, this.id);
    this.#timeout.set(turn.timeoutMs, now);
  }

  #timedOut(): void {
    const turn = this.#turns[0];
    if (turn) this.abandon(turn.record, { kind: 'timedOut', timeoutMs: turn.timeoutMs });
  }

  #receive(message: FromWorker, body: EncodedValue | undefined): void {
    switch (message.type) {
      case 'ready':
        clearTimeout(this.#loadTimer);
        if (this.state !== 'starting' || !body) return;
        this.state = 'ready';
        this.readyAt = performance.now();
        this.memoryMB = message.memoryMB;
        this.#events.onReady(this, decodeValue(body) as FunctionDescriptor[]);
        break;
      case 'succeeded':
      case 'failed':
        // Its time can't run out any more while the last of its output is read.
        if (message.run === this.#turns[0]?.run) this.#timeout.clear();
        if (this.#host.hasRead(message.output)) this.#finished(message, body);
        else this.#host.afterOutput(message.output, () => this.#finished(message, body));
        break;
      case 'left':
        this.#left(message.run);
        break;
      case 'progress':
        if (body) this.#turns.find(({ run }) => run === message.run)?.record.reportProgress(body);
        break;
      case 'log':
        this.#events.onLog(this, { message, body });
        break;
      case 'call': {
        const turn = this.#turns.find(({ run }) => run === message.run);
        if (turn && body !== undefined) this.#calls.begin(turn, message, body);
        break;
      }
      case 'cancelCall':
        this.#calls.cancel(message.call, body);
    }
  }

  /** A run has ended. One that is told twice, by the worker and by its journal, is not there the second time. */
  #finished(message: RunEnd, body: EncodedValue | undefined): void {
    const turn = this.#turns[0];
    if (turn?.run !== message.run) return;
    const { record } = turn;
    clearTimeout(this.#killTimer);
    this.#turns.shift();
    this.invocations++;
    this.memoryMB = message.memoryMB;
    this.#last.run = turn.run;
    this.#last.functionName = record.functionName;
    this.#last.invocationId = record.invocationId;
    record.end(outcomeOf(message, body), message.memoryMB, message.durationMs);
    this.#events.onFinished(record, message.durationMs);
    const why = this.#wear.note(message.memoryMB, this.code.memoryOf(record.functionName));
    if (why !== undefined) this.retire(why, 'recycled');
    this.#goOn();
  }

  #left(run: number): void {
    const index = this.#turns.findIndex((turn) => turn.run === run);
    const [turn] = index === -1 ? [] : this.#turns.splice(index, 1);
    if (!turn) return;
    if (!turn.record.hasEnded) turn.record.putBack();
    this.#events.onReturned([turn.record]);
    if (index === 0) this.#goOn();
    else this.#events.onFree(this);
  }

  #goOn(): void {
    if (this.state === 'exited') return;
    const next = this.#turns[0];
    if (next) this.#begin(next, performance.now());
    else if (this.state === 'busy') this.state = 'ready';
    else if (this.state === 'draining') this.#stop();
    this.#events.onFree(this);
  }

  #exited(exit: WorkerExit, journal: JournalContent): void {
    for (const timer of [this.#loadTimer, this.#killTimer]) clearTimeout(timer);
    for (const timer of [this.#timeout, this.#idleness]) timer.stop();
    this.state = 'exited';
    // What had ended and was still in its memory.
    for (const { message, body } of journal.ends) this.#receive(message, body);
    this.#events.onExit(this, exit, journal);
  }
}

/** A nested invocation has no longer than what has called it, and at least 1 ms: 0 would be no timeout. */
function withinParent({ deadlineAt }: Nesting, timeoutMs: number): number {
  return Math.min(timeoutMs, Math.max(1, Math.ceil(deadlineAt - performance.now())));
}

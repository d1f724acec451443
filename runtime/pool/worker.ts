import type { EncodedValue } from '../channel/codec.ts';
import { FrameError } from '../channel/frame-format.ts';
import { readBody, readDescriptors, readPart, readResults } from '../channel/from-worker.ts';
import type { JournalContent } from '../channel/journal/reader.ts';
import type { FromWorker, FunctionSource } from '../channel/messages.ts';
import type { Isolation, PoolSettings } from '../config/pool-settings.ts';
import type { ExitReason } from '../figures/exit-reason.ts';
import { depthOf } from '../invocation/nesting.ts';
import type { WorkerExit } from '../invocation/outcome.ts';
import type { PartQueue } from '../invocation/part-queue.ts';
import type { InvocationRecord, Request } from '../invocation/record.ts';
import type { Code } from './code.ts';
import { LazyTimer } from './lazy-timer.ts';
import { RunSender } from './run-sender.ts';
import { StepwiseKill } from './stepwise-kill.ts';
import { StreamRun } from './stream-run.ts';
import { startTimer } from './timer.ts';
import { concernsOne, type Results, Together } from './together.ts';
import { type EarlyOutcome, encodeFailure, outcomeOf, type RunEnd, type Turn } from './turn.ts';
import { type Speaker, Turns } from './turns.ts';
import { Waits } from './waits.ts';
import { Wear } from './wear.ts';
import { WorkerCalls } from './worker-calls.ts';
import type { WorkerEvents } from './worker-events.ts';
import type { HostHandlers, WorkerHost } from './worker-host.ts';
import { WorkerSharing } from './worker-sharing.ts';
import type { WorkerState } from './worker-state.ts';

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
  /** The same for the figures. */
  endCause: ExitReason | undefined;

  readonly #host: WorkerHost;
  readonly #settings: PoolSettings;
  readonly #events: WorkerEvents;
  readonly #turns = new Turns();
  readonly #together: Together;
  readonly #sender: RunSender;
  readonly #wear: Wear;
  readonly #waits: Waits;
  readonly #calls: WorkerCalls;
  readonly #sharing: WorkerSharing;
  readonly #timeout = new LazyTimer(() => this.#timedOut());
  readonly #idleness: LazyTimer;
  readonly #stepwiseKill: StepwiseKill;
  #loadTimer: NodeJS.Timeout | undefined;

  /** `start` starts what it runs in. */
  constructor(
    id: number,
    code: Code,
    settings: PoolSettings,
    events: WorkerEvents,
    start: (handlers: HostHandlers) => WorkerHost,
  ) {
    this.id = id;
    this.code = code;
    this.#settings = settings;
    this.#events = events;
    this.#wear = new Wear(settings);
    this.#idleness = new LazyTimer(() => events.onIdle(this));
    this.sources = code.sources;
    this.#host = start({
      onMessage: (message, body) => this.#receive(message, body),
      onLine: (stream, line) => {
        this.#together.splitCurrent();
        events.onLine(this, stream, line);
      },
      onExit: (exit, journal) => this.#exited(exit, journal),
    });
    this.#together = new Together({
      turns: this.#turns,
      journal: this.#host.journal,
      onResults: (record, count, durationMs) => {
        this.invocations += count;
        events.onResults(record, count, durationMs);
      },
      onSplit: (record, records) => {
        events.onSplit(records);
        record.end({ kind: 'succeeded', body: undefined }, this.memoryMB);
      },
      onCurrent: (turn, now) => this.#runs(turn, now),
    });
    this.#sender = new RunSender(this.#host, this, settings);
    this.#stepwiseKill = new StepwiseKill(this.#host, settings.killGraceMs);
    this.#waits = new Waits((functionName) => events.onWaits(this, functionName), events.onGoesOn);
    this.#calls = new WorkerCalls({
      submit: events.onCall,
      answer: (message, body) => this.#host.send(message, body),
      onWaits: (functionName) => this.#waits.begin(functionName),
      onGoesOn: (functionName) => this.#waits.end(functionName),
    });
    this.#sharing = new WorkerSharing({
      arbiter: events.arbiter,
      waits: this.#waits,
      current: () => this.#turns.current,
      send: (message, body) => this.#host.send(message, body),
    });
    this.#load();
  }

  get isolation(): Isolation {
    return this.#host.isolation;
  }

  /** The name of its pool. */
  get pool(): string {
    return this.#settings.name;
  }

  /** See Code. */
  get dedicatedTo(): string | undefined {
    return this.code.dedicatedTo;
  }

  /** Whether what it does can be read when it is gone, and taken back before it does it. */
  get hasJournal(): boolean {
    return this.#host.journal.canTakeBack;
  }

  get pid(): number | undefined {
    return this.#host.pid;
  }

  get threadId(): number | undefined {
    return this.#host.threadId;
  }

  has(functionName: string): boolean {
    return this.#sender.has(functionName);
  }

  /** The invocation that it runs. */
  get current(): Turn | undefined {
    return this.#turns.current;
  }

  /** All that is in its hands, in the order it was handed over. */
  get turns(): readonly Turn[] {
    return this.#turns.all;
  }

  /** How many invocations are in its hands. */
  get load(): number {
    return this.#turns.size;
  }

  /** Whether it has been given all that it may ever run. */
  get isSpent(): boolean {
    return this.#wear.left <= this.#turns.size;
  }

  /** Whether it may have to be replaced after so many more invocations: the next one can be started. */
  isNearlyOver(invocations: number): boolean {
    return this.#wear.isNearlyOver(this.#turns.size + invocations);
  }

  /** How deep what it runs is nested. */
  get depth(): number {
    const { current } = this.#turns;
    return current ? depthOf(current.record) : 0;
  }

  /** Whether what it runs waits for invocations of its own, for whoever reads its parts, or for something shared. */
  get isWaiting(): boolean {
    return this.#waits.areAny;
  }

  /** Whether it waits for whoever reads its parts, or for something shared: for anybody, who may need its place. */
  get isHeldUp(): boolean {
    return this.#turns.current?.stream?.isWaiting === true || this.#sharing.isWaiting;
  }

  /** Since when it waits for whoever reads its parts, by performance.now(), also when that is only a moment ago. */
  get unreadSince(): number | undefined {
    return this.#turns.current?.stream?.unreadSince;
  }

  /**
   * Whether more can be handed to it ahead of time: what runs has not been given up, and doesn't wait for others, and
   * nothing may come back that is to run before.
   */
  get canHold(): boolean {
    return (
      this.state === 'busy' &&
      !this.isWaiting &&
      !this.isSpent &&
      this.hasJournal &&
      !this.#turns.areInDoubt &&
      this.#turns.current?.record.hasEnded === false
    );
  }

  /** Gives it an invocation of a function that it has; it has to be `ready`, or `canHold`. */
  hand(record: InvocationRecord, request: Request): void {
    const isAhead = this.#turns.size > 0;
    const turn = this.#turns.add(record, this.#sender.timeoutOf(record, request));
    if (record.parts) this.#connect(turn, record.parts);
    this.#sender.send(turn, request, isAhead);
    if (isAhead) return;
    this.state = 'busy';
    this.#idleness.clear();
    this.#begin(turn, performance.now());
  }

  /** See WorkerHost. */
  flush(): void {
    this.#host.flush();
  }

  /** See WorkerHost. */
  readSome(): void {
    this.#host.readSome();
  }

  /** Takes back what it holds and has not begun, in the order it was handed over. */
  takeBack(): InvocationRecord[] {
    const [, firstHeld] = this.#turns.all;
    if (!firstHeld) return [];
    const started = this.#host.journal.takeBack(firstHeld.run, this.#turns.lastRun + 1);
    return this.#turns.removeHeldAfter(started);
  }

  /** What this record stands for is on its way one by one from now on: returns what has not ended. */
  split(record: InvocationRecord): readonly InvocationRecord[] {
    return this.#together.split(record);
  }

  /** Hears of what has ended in it and is not sent before a long run behind it ends: that is in its journal. */
  catchUp(): void {
    const { current } = this.#turns;
    const { ends } = this.#host.journal.read();
    // What it told before it wrote that comes first.
    this.#host.readAll();
    if (!current || current !== this.#turns.current || this.#host.output.isAwaited) return;
    if (current.record.chunk) this.#together.splitTurn(current, ends);
    else for (const { message, body } of ends) this.#receive(message, body);
  }

  /** See Together. */
  runsTogetherSince(now: number): number {
    return this.#together.runsSince(now);
  }

  /** Settles the caller of one that has begun, and sees to it that the function ends as well. */
  abandon(record: InvocationRecord, outcome: EarlyOutcome): void {
    const turn = this.#turns.of(record);
    if (!turn || record.hasEnded) return;
    this.#host.send({ type: 'abort', run: turn.run }, encodeFailure(outcome, record));
    record.end(outcome, this.memoryMB);
    if (turn !== this.#turns.current) return; // until it is, which the worker knows already
    this.#giveTimeToEnd();
    this.#events.onReturned(this.takeBack());
  }

  /** Whose run this is, or was the last time: a function may go on after its end. */
  speakerOf(run: number): Speaker | undefined {
    return this.#turns.speakerOf(run);
  }

  /** Tells `onIdle` when it has been idle for so long; a run ends the wait. */
  watchIdleness(ms: number): void {
    this.#idleness.set(ms);
  }

  /** Lets it end what it runs, then stops it, politely first. */
  retire(reason: string, cause: ExitReason): void {
    if (this.state === 'draining' || this.state === 'exited') return;
    const { state } = this;
    this.state = 'draining';
    this.endReason = reason;
    this.endCause = cause;
    if (state === 'ready') this.#stop();
    else if (state === 'starting') this.kill(reason, cause);
    else this.#events.onReturned(this.takeBack());
  }

  kill(reason: string, cause: ExitReason): void {
    if (this.state === 'exited') return;
    this.state = 'draining';
    this.endReason = reason;
    this.endCause = cause;
    this.#host.kill('SIGKILL');
  }

  #load(): void {
    const { maxMemory, loadTimeoutMs } = this.#settings;
    this.#host.send({
      type: 'load',
      functions: this.sources,
      root: this.code.root,
      maxMemory: Number.isFinite(maxMemory) ? maxMemory : 0,
    });
    this.#loadTimer = startTimer(
      () => this.kill(`had not loaded its functions after ${loadTimeoutMs} ms`, 'notStarted'),
      loadTimeoutMs,
    )?.unref();
  }

  #connect(turn: Turn, parts: PartQueue): void {
    const { functionName } = turn.record;
    turn.stream = new StreamRun({ host: this.#host, run: turn.run, functionName, waits: this.#waits });
    parts.connect(turn.stream);
  }

  #stop(): void {
    this.#idleness.clear();
    this.#host.send({ type: 'stop' });
    this.#stepwiseKill.start();
  }

  #giveTimeToEnd(): void {
    this.#timeout.clear();
    this.#stepwiseKill.start();
  }

  #begin(turn: Turn, now: number): void {
    turn.since = now;
    this.#host.output.tail.clear();
    if (turn.record.hasEnded) this.#giveTimeToEnd();
    else this.#runs(turn, now);
  }

  #runs(turn: Turn, now: number): void {
    // Of those that came together none takes so long, or it is split before.
    this.#timeout.set(turn.record.chunk ? Number.POSITIVE_INFINITY : turn.timeoutMs, now);
    this.#tellStart(turn, now);
  }

  #tellStart({ record }: Turn, now: number): void {
    // It waited for this worker as long as the worker was not ready and it was there.
    const initMs = this.invocations === 0 ? this.readyAt - Math.max(this.spawnedAt, record.submittedAt) : 0;
    record.start(this.id, Math.max(0, initMs), now);
    this.#events.onStarted(record, this.id);
  }

  #timedOut(): void {
    const turn = this.#turns.current;
    if (!turn) return;
    // A program that was busy for longer hears of the end of its time first, and then of what has ended meanwhile.
    this.catchUp();
    if (this.#turns.current !== turn || this.#host.output.isAwaited) return;
    this.abandon(turn.record, { kind: 'timedOut', timeoutMs: turn.timeoutMs });
  }

  #receive(message: FromWorker, body: EncodedValue | undefined): void {
    if (concernsOne.has(message.type)) this.#together.splitFor(message);
    switch (message.type) {
      case 'ready': {
        const descriptors = readDescriptors(body);
        if (this.state !== 'starting') return;
        clearTimeout(this.#loadTimer);
        this.state = 'ready';
        this.readyAt = performance.now();
        this.memoryMB = message.memoryMB;
        this.#events.onReady(this, descriptors);
        break;
      }
      case 'succeeded':
      case 'failed':
        // Its time can't run out any more while the last of its output is read.
        if (message.run === this.#turns.current?.run) this.#timeout.clear();
        this.#sharing.runEnded();
        if (this.#host.output.hasRead(message.output)) this.#finished(message, body);
        else this.#host.output.whenRead(message.output, () => this.#finished(message, body));
        break;
      case 'results': {
        const results = readResults(body, message.count);
        this.#sharing.runEnded();
        if (this.#host.output.hasRead(message.output)) this.#finishedTogether(message, results);
        else this.#host.output.whenRead(message.output, () => this.#finishedTogether(message, results));
        break;
      }
      case 'left':
        this.#left(message.run);
        break;
      case 'part': {
        const part = readPart(body);
        const record = this.#turns.ofRun(message.run)?.record;
        if (record && !record.parts) throw new FrameError('expected parts of what is read by parts alone');
        record?.parts?.receive(part, message.hasWaited);
        break;
      }
      case 'progress': {
        const value = readBody(body);
        this.#turns.ofRun(message.run)?.record.reportProgress(value);
        break;
      }
      case 'log':
        this.#events.onLog(this, message, body === undefined ? undefined : readBody(body));
        break;
      case 'call': {
        const turn = this.#turns.ofRun(message.run);
        if (turn && body !== undefined) this.#calls.begin(turn, message, body);
        break;
      }
      case 'cancelCall':
        this.#calls.cancel(message.call, body === undefined ? undefined : readBody(body));
        break;
      case 'shared':
        this.#sharing.receive(message, body);
        break;
      case 'message':
      case 'messagesRead':
        throw new FrameError('expected messages of spawned functions alone');
    }
  }

  /** A run has ended. One that is told twice, by the worker and by its journal, is not there the second time. */
  #finished(message: RunEnd, body: EncodedValue | undefined): void {
    const turn = this.#turns.current;
    if (turn?.run !== message.run) return;
    const { record } = turn;
    this.#stepwiseKill.stop();
    this.#turns.endCurrent();
    this.invocations++;
    // What the journal has of those that came together doesn't tell it.
    if (message.memoryMB > 0) this.memoryMB = message.memoryMB;
    record.end(outcomeOf(message, body), this.memoryMB, message.durationMs);
    this.#events.onFinished(record, message.durationMs);
    const why = this.#wear.note(this.memoryMB, this.code.memoryOf(record.functionName));
    if (why !== undefined) this.retire(why, 'recycled');
    this.#goOn();
  }

  /** The same of several that came together. */
  #finishedTogether(message: Results, results: readonly unknown[]): void {
    const { count, memoryMB, durationMs } = message;
    const turn = this.#together.turnOf(message);
    const chunk = turn?.record.chunk;
    if (!turn || !chunk) {
      for (const [end, body] of this.#together.endsOfEach(message, results)) this.#finished(end, body);
      return;
    }
    const { record } = turn;
    this.invocations += count;
    this.memoryMB = memoryMB;
    chunk.succeed(results);
    this.#events.onResults(record, count, durationMs);
    const why = this.#wear.note(memoryMB, this.code.memoryOf(record.functionName), count);
    const isDone = chunk.left === 0;
    if (isDone) {
      this.#turns.endCurrent();
      record.end({ kind: 'succeeded', body: undefined }, memoryMB, durationMs);
      this.#events.onFinished(record, durationMs);
    }
    if (why !== undefined) this.retire(why, 'recycled');
    if (isDone) this.#goOn();
  }

  #left(run: number): void {
    const together = this.#turns.togetherWith(run);
    if (together && together.run !== run) this.#together.splitTurn(together);
    const wasCurrent = this.#turns.current?.run === run;
    const turn = this.#turns.remove(run);
    if (!turn) return;
    if (!turn.record.hasEnded) turn.record.putBack();
    this.#events.onReturned([turn.record]);
    if (wasCurrent) this.#goOn();
    else this.#events.onFree(this);
  }

  #goOn(): void {
    if (this.state === 'exited') return;
    const next = this.#turns.current;
    if (next) this.#begin(next, performance.now());
    else if (this.state === 'busy') this.state = 'ready';
    else if (this.state === 'draining') this.#stop();
    this.#events.onFree(this);
  }

  #exited(exit: WorkerExit, journal: JournalContent): void {
    const together = this.#turns.togetherWith(journal.started ?? 0);
    if (together) this.#together.splitTurn(together, journal.ends);
    clearTimeout(this.#loadTimer);
    this.#stepwiseKill.stop();
    this.state = 'exited';
    // What had ended and was still in its memory.
    for (const { message, body } of journal.ends) {
      this.#receive(message, body);
      this.#startedBefore(journal);
    }
    // Not before: where what came together is split, the time of the first of it begins.
    for (const timer of [this.#timeout, this.#idleness]) timer.stop();
    this.#turns.releaseAll();
    this.#sharing.end();
    this.#events.onExit(this, exit, journal);
  }

  /** The end of the one before was not heard of: that the next one had begun is only known now. */
  #startedBefore({ started = 0 }: JournalContent): void {
    const turn = this.#turns.current;
    if (turn?.record.status !== 'queued' || turn.run > started) return;
    this.#tellStart(turn, performance.now());
  }
}

import type { Channel } from '../channel/channel.ts';
import { decodeValue, type EncodedValue, encodeBorrowed } from '../channel/codec.ts';
import type { FramePlace } from '../channel/frame-batch.ts';
import type { ShortResult } from '../channel/journal/short-result.ts';
import type { JournalWriter } from '../channel/journal/writer.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { Calls } from './calls.ts';
import type { Conversation } from './conversation.ts';
import { type Ending, type Failed, failed } from './ending.ts';
import { failurePoint } from './failure-point.ts';
import { type Current, Handlers } from './handlers.ts';
import type { LoadedFunction } from './load.ts';
import { memoryMB } from './memory.ts';
import type { MemoryGuard } from './memory-guard.ts';
import type { OutputCount } from './output.ts';
import { PartSender } from './part-sender.ts';
import { Results } from './results.ts';
import { RunContext, type RunSetting } from './run-context.ts';
import { Sharing } from './sharing.ts';
import { shortJson } from './short-json.ts';
import { isStillWithout } from './stillness.ts';

type RunMessage = Extract<ToWorker, { type: 'run' }>;
type Succeeded = Extract<FromWorker, { type: 'succeeded' }>;

/** A run that was handed over and has not begun. */
interface Held {
  readonly message: RunMessage;
  /** As its index was meant when it came. */
  readonly loaded: LoadedFunction | undefined;
  readonly body: EncodedValue | undefined;
  /** Which were told to end before they began. */
  readonly aborts: { readonly run: number; readonly reason: unknown }[];
}

/** Results that wait to be sent together wait no longer than this, while short runs follow each other. */
const longestBatchMs = 0.2;

/** After a run that took longer its memory is read anew: that costs some 10 µs. */
const worthReadingMs = 1;

/** Runs invocations, one after another in the order they came, and reports how each of them ended. */
export class Executor {
  readonly #channel: Channel<FromWorker, ToWorker>;
  readonly #journal: JournalWriter;
  readonly #output: OutputCount;
  readonly #memoryGuard: MemoryGuard | undefined;
  readonly #handlers: Handlers;
  /** In a worker for one spawned function alone. */
  readonly #conversation: Conversation | undefined;
  readonly #held: Held[] = [];
  /** What the current run has asked for. */
  readonly #calls: Calls;
  readonly #sharing: Sharing;
  #isRunning = false;
  #current: Current | undefined;
  /** Of which the current one is part. */
  #together: Held | undefined;
  /** What is sent at the end of a run. It is written into the next batch at once: one object does for all. */
  readonly #end: { -readonly [Key in keyof Succeeded]?: Succeeded[Key] } = { type: 'succeeded' };
  /** The end of the last run, as long as it has not been sent. */
  #unsent: FramePlace | undefined;
  #sentAt = 0;
  #isFlushDue = false;

  constructor(options: {
    channel: Channel<FromWorker, ToWorker>;
    journal: JournalWriter;
    output: OutputCount;
    memoryGuard: MemoryGuard | undefined;
    functions: readonly LoadedFunction[];
    conversation: Conversation | undefined;
  }) {
    this.#channel = options.channel;
    this.#journal = options.journal;
    this.#output = options.output;
    this.#memoryGuard = options.memoryGuard;
    this.#handlers = new Handlers(options.functions);
    this.#conversation = options.conversation;
    this.#calls = new Calls(options.channel);
    this.#sharing = new Sharing(options.channel);
  }

  run(message: RunMessage, body: EncodedValue | undefined): void {
    this.#held.push({ message, body, loaded: this.#handlers.at(message.functionIndex), aborts: [] });
    if (this.#isRunning) return;
    this.#isRunning = true;
    // After all that came with it has been read: it may have been cancelled on the way.
    queueMicrotask(() => void this.#runAll());
  }

  /** Runs that come from now on with this index are of this function. */
  define(functionIndex: number, loaded: LoadedFunction): void {
    this.#handlers.define(functionIndex, loaded);
  }

  abort(run: number, encodedReason: EncodedValue | undefined): void {
    const reason = encodedReason === undefined ? undefined : decodeValue(encodedReason);
    if (this.#current?.run === run) {
      this.#current.context.abort(reason);
      this.#current.sender?.release();
    }
    const held = this.#held.find(({ message }) => run >= message.run && run < message.run + message.count);
    held?.aborts.push({ run, reason });
    if (this.#together && held === undefined) this.#together.aborts.push({ run, reason });
  }

  /** The reader of the current run has taken some of its parts. */
  taken(message: Extract<ToWorker, { type: 'taken' }>): void {
    if (this.#current?.run === message.run) this.#current.sender?.taken(message);
  }

  /** A call that the current run has made has ended. */
  answer(message: Extract<ToWorker, { type: 'answer' }>, body: EncodedValue | undefined): void {
    this.#calls.answer(message, body);
  }

  /** Something that is shared was asked for. */
  told(message: Extract<ToWorker, { type: 'told' }>, body: EncodedValue | undefined): void {
    this.#sharing.told(message, body);
  }

  /** Tells whether nothing goes on here but waits for what is shared. */
  async tellStillness(question: number): Promise<void> {
    // These go on by what comes through the channel.
    const goesOn = this.#calls.areOpen || this.#conversation || this.#current?.sender?.isWaiting;
    this.#sharing.tellStillness(question, !goesOn && (await isStillWithout(this.#channel)));
  }

  /** Whether a run goes on that was told to end. */
  get isAborting(): boolean {
    return this.#current?.context.isAborted === true;
  }

  /** See Handlers. A worker is stopped only when it is idle. */
  stop(): Promise<void> {
    return this.#handlers.tearDown();
  }

  async #runAll(): Promise<void> {
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) {
      const unsent = next.message.count > 1 ? this.#sendUnsent() : this.#unsentEnd();
      if (next.message.count > 1) failurePoint?.('togetherRead');
      if (!this.#begin(next.message, unsent)) continue;
      const startedAt = performance.now();
      this.#memoryGuard?.begin(next.message.run, next.message.functionIndex, startedAt);
      if (next.message.count > 1) {
        await this.#runTogether(next, startedAt);
        continue;
      }
      const outcome = this.#outcome(next, startedAt);
      if (outcome instanceof Promise) {
        this.#flushSoon();
        this.#finish(next.message.run, startedAt, await outcome);
      } else {
        this.#finish(next.message.run, startedAt, outcome);
      }
    }
    this.#isRunning = false;
  }

  /** The end of the last run, if it has not been sent and the journal can take it from there; else everything is sent. */
  #unsentEnd(): FramePlace | undefined {
    const unsent = this.#unsent;
    this.#unsent = undefined;
    if (unsent && this.#channel.isLast(unsent) && this.#journal.fits(unsent)) return unsent;
    this.#flush();
    return undefined;
  }

  #sendUnsent(): undefined {
    this.#unsent = undefined;
    this.#flush();
  }

  /** Writes down that the run begins: from here on a death of this process is blamed on it. */
  #begin({ run, count, isAhead }: RunMessage, unsent: FramePlace | undefined): boolean {
    if (unsent) {
      this.#journal.finishedAndStarted(unsent, run);
      failurePoint?.('journaled');
    } else {
      this.#journal.started(run);
      failurePoint?.('started');
    }
    if (!isAhead || !this.#journal.isTakenBack(run)) return true;
    // The first stands for those that came with it.
    this.#leave(run, run + 1, run + count);
    return false;
  }

  /**
   * Says that those from `run` to before `end` were taken back: the last one first, as each goes back before those that went
   * before it. The worker has come by all before `next`.
   */
  #leave(run: number, end: number, next: number): void {
    for (let left = end - 1; left >= run; left--) this.#channel.add({ type: 'left', run: left });
    this.#flush();
    if (next > run + 1) this.#journal.started(next - 1);
  }

  /** Runs those that came together: what each of them gives is sent with the others', unless that is more than a short result. */
  async #runTogether(held: Held, startedAt: number): Promise<void> {
    const { run: first, count } = held.message;
    const items = itemsOf(held.body, count);
    const results = new Results(first, startedAt, {
      channel: this.#channel,
      journal: this.#journal,
      output: this.#output,
    });
    let setting = this.#settingOf(held, startedAt);
    let isSent = false;
    this.#channel.precededBy(results);
    this.#together = held;
    const current = this.#currentOf(setting, 0);
    // Looked at once for all of them: a short run takes a fifth of a microsecond.
    const passed = failurePoint;
    passed?.('togetherStarted');
    for (let index = 0; index < count; index++) {
      const run = first + index;
      if (isSent) {
        // A while has passed, or something else was done: what came before is not the doing of this one.
        setting = this.#settingOf(held, performance.now());
        this.#memoryGuard?.begin(run, held.message.functionIndex, setting.startedAt);
      } else if (index > 0) {
        this.#memoryGuard?.goOn(run);
      }
      const { written } = this.#output;
      const outcome = Array.isArray(items)
        ? this.#outcomeOf(held, items[index], index === 0 ? current : this.#next(current, setting, index))
        : failed('undecodable', items);
      if (outcome instanceof Promise) this.#flushSoon();
      const ending = outcome instanceof Promise ? await outcome : outcome;
      this.#current?.context.end();
      passed?.('togetherRan');
      const next = index + 1 < count ? run + 1 : undefined;
      const result = written === this.#output.written ? shortResultOf(ending) : noShortResult;
      if (result !== noShortResult) isSent = results.push(result, next);
      else {
        const { lastMs } = results;
        results.add();
        this.#addEnd(run, lastMs, ending.kind === 'returned' ? encoded(ending.value) : ending);
        results.skip(next);
        isSent = true;
      }
      if (next !== undefined) passed?.('togetherMarked');
      if (next !== undefined && this.#journal.isTakenBack(next)) {
        results.add();
        this.#leave(next, first + count, first + count);
        break;
      }
    }
    this.#current = undefined;
    this.#together = undefined;
    this.#channel.precededBy(undefined);
    this.#memoryGuard?.end();
    this.#sentAt = performance.now();
  }

  #finish(run: number, startedAt: number, ending: Ending): void {
    this.#memoryGuard?.end();
    this.#current?.context.end();
    this.#current = undefined;
    // Encoded only here: large parts of it are not copied before they are added, which must be at once.
    const outcome = ending.kind === 'returned' ? encoded(ending.value) : ending;
    failurePoint?.('encoded');
    const now = performance.now();
    this.#unsent = this.#addEnd(run, now - startedAt, outcome);
    failurePoint?.('added');
    const mayWait = this.#unsent && this.#held.length > 0 && now - this.#sentAt < longestBatchMs;
    if (!mayWait) this.#flush(now);
  }

  #addEnd(run: number, durationMs: number, outcome: Outcome): FramePlace | undefined {
    const end = this.#end;
    end.run = run;
    end.durationMs = durationMs;
    end.memoryMB = memoryMB(performance.now(), durationMs > worthReadingMs ? 0 : undefined);
    end.output = this.#output.written;
    if (outcome.kind === 'succeeded') return this.#channel.add(end as Succeeded, outcome.body);
    const { kind, path } = outcome;
    return this.#channel.add({ ...(end as Succeeded), type: 'failed', kind, path }, outcome.body);
  }

  #flush(now = performance.now()): void {
    this.#sentAt = now;
    this.#channel.flush();
    failurePoint?.('flushed');
  }

  // Before a function that waits: the event loop turns, and callers should not wait with it.
  #flushSoon(): void {
    if (this.#isFlushDue || this.#channel.isFlushed) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #outcome(held: Held, startedAt: number): Ending | Promise<Ending> {
    const { body } = held;
    let input: unknown;
    try {
      input = body === undefined ? undefined : decodeValue(body);
    } catch (error) {
      return failed('undecodable', error);
    }
    return this.#outcomeOf(held, input, this.#currentOf(this.#settingOf(held, startedAt), 0));
  }

  #currentOf(setting: RunSetting, index: number): Current {
    const { run, isStream } = setting.message;
    const sender = isStream ? new PartSender(run, this.#channel) : undefined;
    return { run: run + index, context: new RunContext(setting, index), sender };
  }

  /** The next one of those that came together. */
  #next(current: Current, setting: RunSetting, index: number): Current {
    current.run = setting.message.run + index;
    current.context = new RunContext(setting, index);
    return current;
  }

  #settingOf({ message, loaded }: Held, startedAt: number): RunSetting {
    return {
      message,
      source: loaded?.source,
      startedAt,
      channel: this.#channel,
      calls: this.#calls,
      sharing: this.#sharing,
      conversation: this.#conversation,
    };
  }

  #outcomeOf({ message, loaded, aborts }: Held, input: unknown, current: Current): Ending | Promise<Ending> {
    if (!loaded?.form) {
      return failed('notLoaded', loaded?.descriptor.state === 'failed' ? loaded.descriptor.error : undefined);
    }
    this.#current = current;
    const abort = aborts.length > 0 ? aborts.find(({ run }) => run === current.run) : undefined;
    if (abort) current.context.abort(abort.reason);
    failurePoint?.('decoded');
    return this.#handlers.run(message.functionIndex, loaded.form, input, current);
  }
}

type Outcome = { readonly kind: 'succeeded'; readonly body: EncodedValue } | Failed;

/** What came together, or why it can't be read. */
function itemsOf(body: EncodedValue | undefined, count: number): readonly unknown[] | Error {
  try {
    const items = body === undefined ? undefined : decodeValue(body);
    if (Array.isArray(items) && items.length === count) return items;
    return new Error(`expected a list of ${count} arguments`);
  } catch (error) {
    return error as Error;
  }
}

const noShortResult = Symbol('more than a short result');

/** The result of what has returned when it can be sent with others. */
function shortResultOf(ending: Ending): ShortResult | typeof noShortResult {
  if (ending.kind !== 'returned') return noShortResult;
  const { value } = ending;
  const short = shortJson(value);
  if (short !== undefined || value === undefined) return short;
  if (typeof value !== 'object') return noShortResult;
  const outcome = encoded(value);
  return outcome.kind === 'succeeded' && typeof outcome.body === 'string' ? outcome.body : noShortResult;
}

function encoded(result: unknown): Outcome {
  failurePoint?.('ran');
  try {
    return { kind: 'succeeded', body: encodeBorrowed(result, 'result') };
  } catch (error) {
    return failed('unserializable', error);
  }
}

import type { Channel } from '../channel/channel.ts';
import { decodeValue, type EncodedValue, encodeBorrowed } from '../channel/codec.ts';
import type { FramePlace } from '../channel/frame-batch.ts';
import type { JournalWriter } from '../channel/journal.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { Calls } from './calls.ts';
import type { Conversation } from './conversation.ts';
import { type Ending, type Failed, failed } from './ending.ts';
import { failurePoint } from './failure-point.ts';
import { collectParts, sendParts } from './give-parts.ts';
import { validateInput } from './input.ts';
import type { LoadedFunction } from './load.ts';
import { memoryMB } from './memory.ts';
import type { MemoryGuard } from './memory-guard.ts';
import type { OutputCount } from './output.ts';
import { PartSender } from './part-sender.ts';
import { onlyPart, partsOf } from './parts-of.ts';
import { RunContext } from './run-context.ts';
import { Sharing } from './sharing.ts';
import { isThenable } from './thenable.ts';

type RunMessage = Extract<ToWorker, { type: 'run' }>;
type Succeeded = Extract<FromWorker, { type: 'succeeded' }>;

/** A run that was handed over and has not begun. */
interface Held {
  readonly message: RunMessage;
  /** As its index was meant when it came. */
  readonly loaded: LoadedFunction | undefined;
  readonly body: EncodedValue | undefined;
  /** Set when it was told to end before it began. */
  abort?: { readonly reason: unknown };
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
  readonly #functions: LoadedFunction[];
  /** In a worker for one spawned function alone. */
  readonly #conversation: Conversation | undefined;
  /** By function index: set up, or about to be. */
  readonly #setUp = new Map<number, Promise<void>>();
  readonly #isReady = new Set<number>();
  readonly #held: Held[] = [];
  /** What the current run has asked for. */
  readonly #calls: Calls;
  readonly #sharing: Sharing;
  #isRunning = false;
  #current: Current | undefined;
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
    this.#functions = [...options.functions];
    this.#conversation = options.conversation;
    this.#calls = new Calls(options.channel);
    this.#sharing = new Sharing(options.channel);
  }

  run(message: RunMessage, body: EncodedValue | undefined): void {
    this.#held.push({ message, body, loaded: this.#functions[message.functionIndex] });
    if (this.#isRunning) return;
    this.#isRunning = true;
    // After all that came with it has been read: it may have been cancelled on the way.
    queueMicrotask(() => void this.#runAll());
  }

  /** Runs that come from now on with this index are of this function. */
  define(functionIndex: number, loaded: LoadedFunction): void {
    this.#functions[functionIndex] = loaded;
    this.#isReady.add(functionIndex);
  }

  abort(run: number, encodedReason: EncodedValue | undefined): void {
    const reason = encodedReason === undefined ? undefined : decodeValue(encodedReason);
    if (this.#current?.run === run) {
      this.#current.context.abort(reason);
      this.#current.sender?.release();
    }
    const held = this.#held.find(({ message }) => message.run === run);
    if (held) held.abort = { reason };
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

  /** Whether a run goes on that was told to end. */
  get isAborting(): boolean {
    return this.#current?.context.isAborted === true;
  }

  /** Runs `teardown` of each function that was set up here. A worker is stopped only when it is idle. */
  async stop(): Promise<void> {
    for (const index of this.#setUp.keys()) {
      try {
        await this.#functions[index]?.form?.teardown?.();
      } catch (error) {
        // One that fails must not keep the others from theirs.
        console.error(`The teardown of "${this.#functions[index]?.source.name}" failed:`, error);
      }
    }
  }

  async #runAll(): Promise<void> {
    for (let next = this.#held.shift(); next !== undefined; next = this.#held.shift()) {
      const unsent = this.#unsentEnd();
      if (!this.#begin(next.message, unsent)) continue;
      const startedAt = performance.now();
      this.#memoryGuard?.begin(next.message.run, next.message.functionIndex, startedAt);
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

  /** Writes down that the run begins: from here on a death of this process is blamed on it. */
  #begin({ run, isAhead }: RunMessage, unsent: FramePlace | undefined): boolean {
    if (unsent) {
      this.#journal.finishedAndStarted(unsent, run);
      failurePoint?.('journaled');
    } else {
      this.#journal.started(run);
      failurePoint?.('started');
    }
    if (!isAhead || !this.#journal.isTakenBack(run)) return true;
    this.#channel.add({ type: 'left', run });
    this.#flush();
    return false;
  }

  #finish(run: number, startedAt: number, ending: Ending): void {
    this.#memoryGuard?.end();
    this.#current?.context.end();
    this.#current = undefined;
    // Encoded only here: large parts of it are not copied before they are added, which must be at once.
    const outcome = ending.kind === 'returned' ? encoded(ending.value) : ending;
    failurePoint?.('encoded');
    const now = performance.now();
    const end = this.#end;
    end.run = run;
    end.durationMs = now - startedAt;
    end.memoryMB = memoryMB(now, end.durationMs > worthReadingMs ? 0 : undefined);
    end.output = this.#output.written;
    if (outcome.kind === 'succeeded') {
      this.#unsent = this.#channel.add(end as Succeeded, outcome.body);
    } else {
      const { kind, path } = outcome;
      this.#unsent = this.#channel.add({ ...(end as Succeeded), type: 'failed', kind, path }, outcome.body);
    }
    failurePoint?.('added');
    const mayWait = this.#unsent && this.#held.length > 0 && now - this.#sentAt < longestBatchMs;
    if (!mayWait) this.#flush(now);
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

  #outcome({ message, loaded, body, abort }: Held, startedAt: number): Ending | Promise<Ending> {
    if (!loaded?.form) {
      return failed('notLoaded', loaded?.descriptor.state === 'failed' ? loaded.descriptor.error : undefined);
    }
    const context = new RunContext(
      message,
      loaded.source,
      startedAt,
      this.#channel,
      this.#calls,
      this.#sharing,
      this.#conversation,
    );
    const sender = message.isStream ? new PartSender(message.run, this.#channel) : undefined;
    const current = { run: message.run, context, sender };
    this.#current = current;
    if (abort) context.abort(abort.reason);
    let input: unknown;
    try {
      input = body === undefined ? undefined : decodeValue(body);
    } catch (error) {
      return failed('undecodable', error);
    }
    failurePoint?.('decoded');
    const { form } = loaded;
    if (form.input || !this.#isReady.has(message.functionIndex)) {
      return this.#prepareAndRun(message.functionIndex, form, input, current);
    }
    return runHandler(form, input, current);
  }

  async #prepareAndRun(index: number, form: Form, input: unknown, current: Current): Promise<Ending> {
    let value = input;
    try {
      if (form.input) {
        const validated = await validateInput(form.input, input);
        if ('issues' in validated) return failed('invalidInput', validated.issues);
        value = validated.value;
      }
      if (!this.#isReady.has(index)) await this.#setUpOnce(index, form.setup);
    } catch (thrown) {
      return failed('threw', thrown);
    }
    return runHandler(form, value, current);
  }

  #setUpOnce(index: number, setup: (() => unknown) | undefined): Promise<void> {
    let done = this.#setUp.get(index);
    if (!done) {
      done = (async () => {
        await setup?.();
        this.#isReady.add(index);
      })();
      this.#setUp.set(index, done);
      // A set-up that failed fails this invocation; the next one tries again.
      done.catch(() => this.#setUp.delete(index));
    }
    return done;
  }
}

type Form = NonNullable<LoadedFunction['form']>;

type Outcome = { readonly kind: 'succeeded'; readonly body: EncodedValue } | Failed;

/** What runs. */
interface Current {
  readonly run: number;
  readonly context: RunContext;
  /** When its result is read part by part. */
  readonly sender: PartSender | undefined;
}

function runHandler({ handler }: Form, input: unknown, current: Current): Ending | Promise<Ending> {
  const { context } = current;
  // Cancelled on the way or during the set-up: a function that has not begun should not begin.
  if (context.isAborted) return failed('threw', context.abortReason);
  try {
    const result = handler(input, context);
    if (isThenable(result)) return settled(result, current);
    return given(result, current) ?? { kind: 'returned', value: result };
  } catch (thrown) {
    return failed('threw', thrown);
  }
}

async function settled(result: PromiseLike<unknown>, current: Current): Promise<Ending> {
  try {
    const value = await result;
    // Awaited only where there is something to wait for.
    const ending = given(value, current);
    return ending ? await ending : { kind: 'returned', value };
  } catch (thrown) {
    return failed('threw', thrown);
  }
}

/** The end of a run that gives parts, or is read by parts; undefined for all others. */
function given(result: unknown, { context, sender }: Current): Promise<Ending> | undefined {
  const parts = partsOf(result);
  if (sender) return sendParts(parts ?? onlyPart(result), context, sender);
  return parts && collectParts(parts, context);
}

function encoded(result: unknown): Outcome {
  failurePoint?.('ran');
  try {
    return { kind: 'succeeded', body: encodeBorrowed(result, 'result') };
  } catch (error) {
    return failed('unserializable', error);
  }
}

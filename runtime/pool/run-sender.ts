import { type EncodedBytes, withArena, withoutArena } from '../channel/codec.ts';
import type { ToWorker } from '../channel/messages.ts';
import type { PoolSettings } from '../config/pool-settings.ts';
import { inlineKey } from '../invocation/inline-function.ts';
import type { InvocationRecord, Nesting, Request } from '../invocation/record.ts';
import type { Code } from './code.ts';
import { InlineSlots } from './inline-slots.ts';
import { isLimit } from './timer.ts';
import type { Turn } from './turn.ts';
import type { Worker } from './worker.ts';
import type { WorkerHost } from './worker-host.ts';

type RunMessage = Extract<ToWorker, { type: 'run' }>;

/** Sends one worker what it is to run. */
export class RunSender {
  readonly #host: WorkerHost;
  readonly #code: Code;
  readonly #settings: PoolSettings;
  /** By name, where a function stands in what the worker has loaded. */
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #inline: InlineSlots;
  /** What is sent for each invocation. It is written into the next batch at once: one object does for all. */
  readonly #message: { -readonly [Key in keyof RunMessage]?: RunMessage[Key] } = { type: 'run' };

  constructor(host: WorkerHost, { code, sources }: Pick<Worker, 'code' | 'sources'>, settings: PoolSettings) {
    this.#host = host;
    this.#code = code;
    this.#settings = settings;
    this.#indexes = new Map(sources.map(({ name }, index) => [name, index]));
    this.#inline = new InlineSlots(sources.length, host);
  }

  /** Whether the worker has this function. */
  has(functionName: string): boolean {
    return this.#indexes.has(functionName) || functionName === inlineKey;
  }

  /** How long this one may run, in ms; Infinity when there is no limit. */
  timeoutOf({ functionName, nesting }: InvocationRecord, { timeoutMs }: Request): number {
    const ownMs = timeoutMs ?? this.#code.timeoutOf(functionName) ?? this.#settings.timeoutMs;
    return nesting ? withinParent(nesting, ownMs) : ownMs;
  }

  /** `isAhead`: the worker is to hold it until what it was given before has ended. */
  send(turn: Turn, request: Request, isAhead: boolean): void {
    const { record, run, timeoutMs } = turn;
    const message = this.#message;
    message.run = run;
    message.count = record.chunk?.count ?? 1;
    message.functionIndex = record.inline
      ? this.#inline.indexOf(record.inline)
      : (this.#indexes.get(record.functionName) as number);
    message.invocationId = record.invocationId;
    message.attempt = record.attempt;
    message.isAhead = isAhead;
    message.isStream = record.parts !== undefined;
    message.timeoutMs = isLimit(timeoutMs) ? timeoutMs : 0;
    message.cwd = request.cwd;
    const { args } = request;
    if (typeof args !== 'string' && args.isTransfer && !isAhead && this.#isLastAttempt(record, request)) {
      this.#host.give(message as RunMessage, args);
    } else {
      this.#host.send(message as RunMessage, typeof args === 'string' ? args : this.#readable(args, turn));
    }
  }

  /** These arguments where the worker can read them. */
  #readable(args: EncodedBytes, turn: Turn): EncodedBytes {
    const { arena } = this.#host;
    if (!arena) return withoutArena(args);
    if (args.lease) {
      turn.lease = args.lease.hold();
      return args;
    }
    const placed = withArena(args, arena);
    turn.lease = placed.lease;
    return placed;
  }

  #isLastAttempt({ attempt, functionName }: InvocationRecord, request: Request): boolean {
    const policy = request.retry ?? this.#code.retryOf(functionName);
    return policy === undefined || attempt >= policy.attempts;
  }
}

/** A nested invocation has no longer than what has called it, and at least 1 ms: 0 would be no timeout. */
function withinParent({ deadlineAt }: Nesting, timeoutMs: number): number {
  return Math.min(timeoutMs, Math.max(1, Math.ceil(deadlineAt - performance.now())));
}

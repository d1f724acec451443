import { parseTimeout, timeoutExpected } from '../../options/duration.ts';
import { expectedText } from '../../options/expected.ts';
import { checkOptionNames } from '../../options/option-names.ts';
import { startTimer } from '../../options/timer.ts';
import type { SharedFailure } from '../requests.ts';

/** How long to wait for a lock, an item and the like. */
export interface WaitOptions {
  /** Ends the wait when it aborts, with a `CancelledError` whose `cause` is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the wait with a `TimeoutError`: ms above 0 or a string such as `'5s'`; Infinity for no limit. Default: none. */
  readonly timeout?: number | string | undefined;
}

type End =
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'cancelled'; readonly reason: unknown }
  | { readonly kind: 'forgotten' };

/** All waits of one flow of work: of an invocation, or of a session of the program. */
export class Waits {
  readonly #current = new Set<Wait>();

  /** @throws TypeError for options that can't be */
  open(call: string, options: WaitOptions = {}): Wait {
    checkOptionNames(call, options, ofWaits);
    const { signal, timeout } = options;
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw new TypeError(expectedText(`the \`signal\` option of \`${call}\` to be an AbortSignal`, signal));
    const timeoutMs = timeout === undefined ? Number.POSITIVE_INFINITY : parseTimeout(timeout);
    if (timeoutMs === undefined)
      throw new TypeError(
        expectedText(`the \`timeout\` option of \`${call}\` to be ${timeoutExpected}`, timeout),
      );
    return new Wait(this.#current, signal, timeoutMs);
  }

  /** Ends those that there are now. */
  cancel(reason: unknown): void {
    for (const wait of [...this.#current]) wait.end({ kind: 'cancelled', reason });
  }

  /** The same, and nobody is there any more who could be told. */
  forget(): void {
    for (const wait of [...this.#current]) wait.end({ kind: 'forgotten' });
  }
}

const ofWaits = new Set(['signal', 'timeout']);

/** One wait that may be ended. */
export class Wait {
  readonly #all: Set<Wait>;
  readonly #signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  #end: End | undefined;
  #giveUp: (() => void) | undefined;

  constructor(all: Set<Wait>, signal: AbortSignal | undefined, timeoutMs: number) {
    this.#all = all;
    this.#signal = signal;
    this.timeoutMs = timeoutMs;
  }

  /** Whether there is nothing to wait for any more. */
  get hasEnded(): boolean {
    return this.#end !== undefined || this.#signal?.aborted === true;
  }

  /** Whether it may end without what it waits for. */
  get mayEnd(): boolean {
    return this.#signal !== undefined || Number.isFinite(this.timeoutMs);
  }

  /** Whether nobody wants to know how it ended. */
  get isForgotten(): boolean {
    return this.#end?.kind === 'forgotten';
  }

  /** The error of one that ends before it begins; `what` says what was not had. */
  endedBefore(what: string): SharedFailure | undefined {
    if (this.#signal?.aborted) this.#end ??= { kind: 'cancelled', reason: this.#signal.reason };
    return this.#end && this.failure(what, 'the wait was cancelled before it began');
  }

  /** From now on its end gives up. To be followed by the function that is returned. */
  begin(giveUp: () => void): () => void {
    this.#giveUp = giveUp;
    this.#all.add(this);
    const onAbort = () => this.end({ kind: 'cancelled', reason: this.#signal?.reason });
    this.#signal?.addEventListener('abort', onAbort, { once: true });
    const { timeoutMs } = this;
    const timer = startTimer(() => this.end({ kind: 'timeout', timeoutMs }), timeoutMs);
    return () => {
      this.#giveUp = undefined;
      this.#all.delete(this);
      this.#signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    };
  }

  end(end: End): void {
    if (this.#end || !this.#giveUp) return;
    this.#end = end;
    this.#giveUp();
  }

  /** Why it ended. */
  get cause(): unknown {
    return this.#end?.kind === 'cancelled' ? this.#end.reason : undefined;
  }

  /** The error of a wait that was given up; `why` it was not had is the arbiter's word. */
  failure(what: string, why: string): SharedFailure {
    if (this.#end?.kind === 'timeout') {
      const { timeoutMs } = this.#end;
      return {
        code: 'TIMEOUT',
        message: `${what} within ${timeoutMs} ms: ${why}.`,
        fields: { timeoutMs },
      };
    }
    return { code: 'CANCELLED', message: `${what} before the wait was cancelled: ${why}.` };
  }
}

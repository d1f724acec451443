import { type EncodedValue, encodeValue } from '../../channel/codec.ts';
import { UnserializableError } from '../../channel/structured.ts';
import type { SharedFailure, SharedRequest } from '../requests.ts';
import type { Answer } from './asks.ts';
import { FlowLocks } from './flow-locks.ts';
import type { Sharer } from './sharer.ts';
import { type Wait, Waits } from './wait.ts';

/** One flow of work that shares things: an invocation, a session of the program. What it holds ends with it. */
export class Flow {
  readonly sharer: Sharer;
  readonly waits = new Waits();
  readonly locks: FlowLocks;
  /** The numbers of permits and deliveries that it has. */
  readonly claims = new Set<number>();
  /** For errors of what comes too late, as in `the invocation of "resize" has ended`. */
  readonly whatEnded: string;
  /** Whether somebody may wait for it that goes on after its end. */
  readonly #isAwaited: boolean;
  /** Whether it is all of the program, whose parts are not told apart. */
  readonly hasParts: boolean;
  #closed: SharedFailure | undefined;
  hasEnded = false;

  constructor(sharer: Sharer, whatEnded: string, { isAwaited = false, hasParts = false } = {}) {
    this.#isAwaited = isAwaited;
    this.hasParts = hasParts;
    this.sharer = sharer;
    this.whatEnded = whatEnded;
    this.locks = new FlowLocks(this);
  }

  /** @throws Error when it has ended */
  check(what: string): void {
    if (this.#closed) throw this.sharer.error(this.#closed);
    if (this.hasEnded) throw this.sharer.error(this.#tooLate(what));
  }

  /** Asks the arbiter; `what` is what is asked for, for the error of one that comes too late. */
  async ask(request: SharedRequest, what: string, options: FlowAskOptions = {}): Promise<Answer> {
    this.check(what);
    return this.sharer.asks.ask(request, options);
  }

  /** The same for what is to be given back: when nobody is there any more to do that, it is done at once. */
  async have(request: SharedRequest, what: string, options: FlowAskOptions = {}): Promise<Answer> {
    const answer = await this.ask(request, what, options);
    if (!this.hasEnded || !(answer.info as { had: boolean }).had) return answer;
    this.sharer.asks.tell({ op: 'abandon', of: answer.id });
    return this.hadTooLate(what);
  }

  /** What becomes of a wait for something that came after the end. */
  async hadTooLate(what: string): Promise<never> {
    if (this.#isAwaited) this.check(what);
    return new Promise(() => {}); // nobody wants to know
  }

  /** @throws Error, of the class SerializationError, when the value can't be sent */
  encode(value: unknown, rootName: string): EncodedValue {
    try {
      return encodeValue(value, rootName);
    } catch (error) {
      if (!(error instanceof UnserializableError)) throw error;
      const { path, message } = error;
      throw this.sharer.error({
        code: 'SERIALIZATION',
        message: `It can't be sent: ${path}: ${message}.`,
        fields: { path },
      });
    }
  }

  /** What is asked for from now on fails so: nobody answers any more. */
  close(failure: SharedFailure): void {
    this.#closed = failure;
    this.sharer.asks.failAll(failure);
  }

  /** Nobody waits any more for what it waits for now. */
  cancel(reason: unknown): void {
    this.waits.cancel(reason);
  }

  /** Returns the names of the locks that it had not given back. */
  end(): string[] {
    if (this.hasEnded) return [];
    this.hasEnded = true;
    this.waits.forget();
    for (const id of this.claims) this.sharer.asks.tell({ op: 'abandon', of: id });
    this.claims.clear();
    return this.locks.abandonAll();
  }

  #tooLate(what: string): SharedFailure {
    return { code: 'SHARED_ENDED', message: `${what} can't be used any more: ${this.whatEnded}.` };
  }
}

export interface FlowAskOptions {
  readonly body?: EncodedValue | undefined;
  readonly wait?: Wait | undefined;
  /** For the error of a wait that ends, as in `The lock "x" was not had`. */
  readonly unless?: string;
}

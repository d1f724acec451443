import type { Channel } from '../channel/channel.ts';
import { decodeValue, type EncodedValue, encodeValue } from '../channel/codec.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { UnserializableError } from '../channel/structured.ts';
import { expectedText } from '../options/expected.ts';
import type { CallOptions } from './context.ts';
import { encodeLossy } from './lossy.ts';
import { asPoolError } from './pool-error.ts';

interface OpenCall {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Takes the listener off the signal of the caller. */
  release(): void;
}

/** The invocations that the current run has asked for by `ctx.invoke`, and waits for. */
export class Calls {
  readonly #channel: Channel<FromWorker, ToWorker>;
  readonly #open = new Map<number, OpenCall>();
  #last = 0;

  constructor(channel: Channel<FromWorker, ToWorker>) {
    this.#channel = channel;
  }

  invoke(
    run: number,
    { name, args, options = {} }: { name: string; args: unknown; options: CallOptions | undefined },
  ): Promise<unknown> {
    // What is thrown here rejects it.
    return new Promise((resolve, reject) => {
      checkHere(options);
      const { signal, ...settings } = options;
      const body = encodeArgs(args, name);
      const sent = toSend(settings);
      const call = ++this.#last;
      this.#channel.post({ type: 'call', run, call, name, options: sent }, body);
      const cancel = () => this.#channel.post({ type: 'cancelCall', call }, encodeLossy(signal?.reason));
      this.#open.set(call, { resolve, reject, release: () => signal?.removeEventListener('abort', cancel) });
      signal?.addEventListener('abort', cancel, { once: true });
      if (signal?.aborted) cancel();
    });
  }

  get areOpen(): boolean {
    return this.#open.size > 0;
  }

  answer({ call, ok }: Extract<ToWorker, { type: 'answer' }>, body: EncodedValue | undefined): void {
    const open = this.#open.get(call);
    if (!open) return; // its run has ended
    this.#open.delete(call);
    open.release();
    try {
      const value = body === undefined ? undefined : decodeValue(body);
      if (ok) open.resolve(value);
      else open.reject(asPoolError(value));
    } catch (error) {
      open.reject(error);
    }
  }

  /** The run has ended: nobody waits for its calls any more, and the runtime cancels them. */
  forget(): void {
    if (this.#open.size === 0) return;
    for (const { release } of this.#open.values()) release();
    this.#open.clear();
  }
}

/** What is not sent, or could not be; all else is checked where it arrives. */
function checkHere(options: CallOptions | null): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(expectedText('the options of `ctx.invoke` to be an object', options));
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError(expectedText('the `signal` option to be an AbortSignal', signal));
}

function encodeArgs(args: unknown, functionName: string): EncodedValue {
  try {
    return encodeValue(args, 'args');
  } catch (error) {
    if (!(error instanceof UnserializableError)) throw error;
    const { path, message } = error;
    const fields = { name: 'SerializationError', code: 'SERIALIZATION', functionName, path };
    const text = `The arguments of "${functionName}" can't be sent: ${path}: ${message}.`;
    throw asPoolError(Object.assign(new Error(text), fields));
  }
}

function toSend({ timeout, retry, ...settings }: Omit<CallOptions, 'signal'>): Record<string, unknown> {
  const options = {
    ...settings,
    timeout: inJson(timeout),
    // What is no object is told where it arrives.
    retry: typeof retry === 'object' && retry !== null ? { ...retry, backoff: inJson(retry.backoff) } : retry,
  };
  // What JSON would leave out without a word, a function for example, is told.
  encodeOptions(options);
  return options;
}

function encodeOptions(options: object): void {
  try {
    encodeValue(options, 'options');
  } catch (error) {
    if (!(error instanceof UnserializableError)) throw error;
    throw new TypeError(`expected options that can be sent, but ${error.path}: ${error.message}`);
  }
}

/** JSON has no Infinity, for which the largest number is no limit either; and no NaN, which is to be told as what it is. */
function inJson(duration: number | string | undefined): number | string | undefined {
  if (duration === Number.POSITIVE_INFINITY) return Number.MAX_VALUE;
  return Number.isNaN(duration) ? String(duration) : duration;
}

import type { Channel } from '../channel/channel.ts';
import { encodeValue } from '../channel/codec.ts';
import { levelNames } from '../channel/levels.ts';
import type { FromWorker, FunctionSource, ToWorker } from '../channel/messages.ts';
import type { Flow } from '../shared/client/flow.ts';
import { FlowShared } from '../shared/client/flow-shared.ts';
import type { Shared } from '../shared/shared.ts';
import type { Calls } from './calls.ts';
import type { ContextLog, ContextLogMethod, FunctionContext } from './context.ts';
import type { Conversation } from './conversation.ts';
import { encodeFields } from './lossy.ts';
import type { Sharing } from './sharing.ts';

type RunMessage = Extract<ToWorker, { type: 'run' }>;

/** What contexts are made of: that of one run, or of several that came together. */
export interface RunSetting {
  readonly message: RunMessage;
  /** undefined when there is no such function here. */
  readonly source: FunctionSource | undefined;
  /** By performance.now(). */
  readonly startedAt: number;
  readonly channel: Channel<FromWorker, ToWorker>;
  readonly calls: Calls;
  readonly sharing: Sharing;
  readonly conversation: Conversation | undefined;
}

/**
 * The context of one run. Most functions look at little of it, so that what costs something, the signal first of all,
 * is made when it is asked for.
 */
export class RunContext implements FunctionContext {
  readonly #setting: RunSetting;
  /** Which one it is of those that came together. */
  readonly #index: number;
  #flow: Flow | undefined;
  #shared: Shared | undefined;
  #controller: AbortController | undefined;
  #log: ContextLog | undefined;
  #reason: { readonly value: unknown } | undefined;
  #hasEnded = false;

  constructor(setting: RunSetting, index: number) {
    this.#setting = setting;
    this.#index = index;
  }

  get #run(): number {
    return this.#setting.message.run + this.#index;
  }

  get cwd(): string {
    return this.#setting.message.cwd;
  }

  get functionName(): string {
    return this.#setting.source?.name ?? '';
  }

  get version(): string {
    return this.#setting.source?.version ?? '';
  }

  get attempt(): number {
    return this.#setting.message.attempt;
  }

  get invocationId(): string {
    return this.#setting.message.invocationId.plus(this.#index).text;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason.value);
    }
    return this.#controller.signal;
  }

  get log(): ContextLog {
    this.#log ??= makeLog(this.#setting.channel, this.#run);
    return this.#log;
  }

  get shared(): Shared {
    this.#flow ??= this.#setting.sharing.flowOf(this.functionName);
    this.#shared ??= new FlowShared(this.#flow);
    return this.#shared;
  }

  get messages(): AsyncIterable<unknown> {
    return this.#setting.conversation?.messages ?? noMessages(this.functionName);
  }

  // A function may take these four off the context before it calls them.
  get remainingTime(): () => number {
    // JSON has no Infinity: 0 stands for no timeout.
    return () => {
      const { message, startedAt } = this.#setting;
      return message.timeoutMs === 0
        ? Number.POSITIVE_INFINITY
        : Math.max(0, message.timeoutMs - (performance.now() - startedAt));
    };
  }

  get progress(): (value: unknown) => void {
    return (value) => {
      if (this.#hasEnded) return;
      this.#setting.channel.tell({ type: 'progress', run: this.#run }, encodeValue(value, 'progress'));
    };
  }

  get invoke(): FunctionContext['invoke'] {
    return async (name, args, options) => {
      if (!this.#hasEnded)
        return this.#setting.calls.invoke(this.#run, { name, args, options }) as Promise<never>;
      throw new Error(`"${name}" can't be invoked: the invocation of "${this.functionName}" has ended`);
    };
  }

  get send(): FunctionContext['send'] {
    return (value) => {
      if (this.#setting.conversation) return this.#setting.conversation.send(value, this.functionName);
      return Promise.reject(notSpawned('ctx.send', this.functionName));
    };
  }

  abort(reason: unknown): void {
    this.#reason = { value: reason };
    this.#setting.conversation?.abort(reason);
    this.#controller?.abort(reason);
    this.#flow?.cancel(reason);
  }

  get isAborted(): boolean {
    return this.#reason !== undefined;
  }

  get abortReason(): unknown {
    return this.#reason?.value;
  }

  /** What the function tells or asks for from now on is too late. */
  end(): void {
    for (const name of this.#flow?.end() ?? []) {
      this.log.warn(`the invocation ended without giving back the lock "${name}": the next holder is told`);
    }
    this.#hasEnded = true;
    this.#setting.calls.forget();
    this.#setting.conversation?.end(this.functionName);
  }
}

function noMessages(functionName: string): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]: () => {
      throw notSpawned('ctx.messages', functionName);
    },
  };
}

function notSpawned(what: string, functionName: string): Error {
  return new Error(
    `expected \`${what}\` in a function that was started by runtime.spawn; "${functionName}" was invoked: ` +
      'what it is given are its arguments, and its caller is told by `ctx.progress`',
  );
}

function makeLog(channel: Channel<FromWorker, ToWorker>, run: number): ContextLog {
  const methods = levelNames.map((level): [string, ContextLogMethod] => [
    level,
    (first: object | string, message?: string) => {
      if (typeof first === 'string') {
        channel.tell({ type: 'log', run, level, message: first });
        return;
      }
      // An error alone is its own message, as in pino.
      const text = message ?? (first instanceof Error ? first.message : undefined);
      const fields = first instanceof Error ? { err: first } : first;
      channel.tell({ type: 'log', run, level, message: text }, encodeFields(fields));
    },
  ]);
  return Object.fromEntries(methods) as unknown as ContextLog;
}

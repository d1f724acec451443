import { inspect } from 'node:util';
import type { Channel } from '../channel/channel.ts';
import { decodeValue, type EncodedValue, encodeValue } from '../channel/codec.ts';
import { levelNames } from '../channel/levels.ts';
import type { MarkWriter } from '../channel/marks.ts';
import type { FailureKind, FromWorker, ToWorker } from '../channel/messages.ts';
import { UnserializableError } from '../channel/structured.ts';
import type { ContextLog, FunctionContext } from './context.ts';
import { validateInput } from './input.ts';
import type { LoadedFunction } from './load.ts';
import { residentMemoryMB } from './memory.ts';
import type { OutputCount } from './output.ts';

type RunMessage = Extract<ToWorker, { type: 'run' }>;

/** Runs invocations and reports how each of them ended. */
export class Executor {
  readonly #channel: Channel<FromWorker, ToWorker>;
  readonly #functions: readonly LoadedFunction[];
  readonly #running = new Map<number, AbortController>();
  /** By function index: set up, or about to be. */
  readonly #setUp = new Map<number, Promise<void>>();

  readonly #marks: MarkWriter;
  readonly #output: OutputCount;

  constructor(options: {
    channel: Channel<FromWorker, ToWorker>;
    marks: MarkWriter;
    output: OutputCount;
    functions: readonly LoadedFunction[];
  }) {
    this.#channel = options.channel;
    this.#marks = options.marks;
    this.#output = options.output;
    this.#functions = options.functions;
  }

  async run(message: RunMessage, body: EncodedValue | undefined): Promise<void> {
    // From here on a death of this process is blamed on this run.
    this.#marks.started(message.run);
    const controller = new AbortController();
    this.#running.set(message.run, controller);
    const outcome = await this.#outcome(message, body, controller.signal);
    this.#running.delete(message.run);
    const end = { run: message.run, memoryMB: residentMemoryMB(), output: this.#output.written };
    if (outcome.kind === 'succeeded') {
      this.#channel.post({ type: 'succeeded', ...end }, outcome.body);
    } else {
      const { kind, path } = outcome;
      this.#channel.post({ type: 'failed', ...end, kind, path }, outcome.body);
    }
  }

  /** Whether a run goes on that was told to end. */
  get isAborting(): boolean {
    return [...this.#running.values()].some(({ signal }) => signal.aborted);
  }

  abort(run: number, reason: EncodedValue | undefined): void {
    this.#running.get(run)?.abort(reason && decodeValue(reason));
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

  #setUpOnce(index: number, setup: (() => unknown) | undefined): Promise<void> {
    let done = this.#setUp.get(index);
    if (!done) {
      done = (async () => void (await setup?.()))();
      this.#setUp.set(index, done);
      // A set-up that failed fails this invocation; the next one tries again.
      done.catch(() => this.#setUp.delete(index));
    }
    return done;
  }

  async #outcome(message: RunMessage, body: EncodedValue | undefined, signal: AbortSignal): Promise<Outcome> {
    const loaded = this.#functions[message.functionIndex];
    if (!loaded?.form) {
      return failed('notLoaded', loaded?.descriptor.state === 'failed' ? loaded.descriptor.error : undefined);
    }
    const { handler, input: schema, setup } = loaded.form;
    let input: unknown;
    try {
      input = body && decodeValue(body);
    } catch (error) {
      return failed('undecodable', error);
    }
    let result: unknown;
    try {
      if (schema) {
        const validated = await validateInput(schema, input);
        if ('issues' in validated) return failed('invalidInput', validated.issues);
        input = validated.value;
      }
      if (!this.#setUp.has(message.functionIndex)) await this.#setUpOnce(message.functionIndex, setup);
      // Cancelled on the way or during the set-up: a function that has not begun should not begin.
      if (signal.aborted) return failed('threw', signal.reason);
      result = await handler(input, this.#context(message, loaded, signal));
    } catch (thrown) {
      return failed('threw', thrown);
    }
    try {
      return { kind: 'succeeded', body: encodeValue(result, 'result') };
    } catch (error) {
      return failed('unserializable', error);
    }
  }

  #context(message: RunMessage, { source }: LoadedFunction, signal: AbortSignal): FunctionContext {
    const { run, cwd, invocationId, attempt, timeoutMs } = message;
    const startedAt = performance.now();
    return {
      cwd,
      invocationId,
      functionName: source.name,
      version: source.version,
      attempt,
      signal,
      // JSON has no Infinity: 0 stands for no timeout.
      remainingTime: () =>
        timeoutMs === 0 ? Number.POSITIVE_INFINITY : Math.max(0, timeoutMs - (performance.now() - startedAt)),
      log: this.#log(run),
      progress: (value) => {
        if (this.#running.has(run))
          this.#channel.post({ type: 'progress', run }, encodeValue(value, 'progress'));
      },
    };
  }

  #log(run: number): ContextLog {
    const method = (level: (typeof levelNames)[number]) => (first: object | string, message?: string) => {
      if (typeof first === 'string') {
        this.#channel.post({ type: 'log', run, level, message: first });
        return;
      }
      // An error alone is its own message, as in pino.
      const text = message ?? (first instanceof Error ? first.message : undefined);
      const fields = first instanceof Error ? { err: first } : first;
      this.#channel.post({ type: 'log', run, level, message: text }, encodeFields(fields));
    };
    return Object.fromEntries(levelNames.map((level) => [level, method(level)])) as unknown as ContextLog;
  }
}

type Outcome =
  | { readonly kind: 'succeeded'; readonly body: EncodedValue }
  | { readonly kind: FailureKind; readonly body: EncodedValue; readonly path?: string };

function failed(kind: FailureKind, detail: unknown): Outcome {
  const body = encodeLossy(detail);
  return detail instanceof UnserializableError ? { kind, body, path: detail.path } : { kind, body };
}

/** For what was thrown, which must arrive in some form: as text, when it can't be sent as it is. */
function encodeLossy(value: unknown): EncodedValue {
  try {
    return encodeValue(value);
  } catch (error) {
    return encodeValue(shown(value) ?? error);
  }
}

/** A field that can't be sent must not cost the others, nor the line. */
function encodeFields(fields: object): EncodedValue {
  try {
    return encodeValue(fields);
  } catch {
    const sendable = Object.entries(fields).map(([key, value]) => [key, decodeValue(encodeLossy(value))]);
    return encodeValue(Object.fromEntries(sendable));
  }
}

function shown(value: unknown): string | undefined {
  try {
    return inspect(value, { depth: 2 });
  } catch {
    return undefined; // what it throws when it is looked at says as much
  }
}

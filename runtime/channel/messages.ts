/**
 * The wire protocol: every message that can pass between a runtime and a worker, with its direction.
 * A message is a small JSON head; values of users (arguments, results, errors) travel beside it as a body.
 */
import type { EncodedValue } from './codec.ts';
import type { InvocationId } from './invocation-id.ts';
import type { LogLevelName } from './levels.ts';

/** A function for a worker to load, told by the runtime. `name` is what it is invoked by. */
export interface FunctionSource {
  readonly name: string;
  readonly file: string;
  /** Names the content of the module, see version.ts. */
  readonly version: string;
  /** The file of the same module as JavaScript, when it is TypeScript and has been compiled; else tsx loads it. */
  readonly compiled?: string | undefined;
}

/** A function that was given to `runtime.run`, for a worker to compile. */
export interface InlineSource {
  readonly name: string;
  /** Its value is a function that is given `require`, `__name` and the counters, and returns an object with the function alone. */
  readonly script: string;
  /** How many characters of its first line are not of the function. */
  readonly offset: number;
  /** What its stacks name, and its relative imports are resolved against. There is no such file. */
  readonly file: string;
  /** The project's folder: see `load`. */
  readonly root: string;
  /** What a coverage tool calls in it. */
  readonly counters: readonly string[];
  /** Whether it has an `import()`. */
  readonly hasImport: boolean;
  /** Whether what it imports may need tsx. */
  readonly loadsTypeScript: boolean;
}

/** What a worker found in a function's module. */
export type FunctionDescriptor =
  | {
      readonly name: string;
      readonly state: 'ready';
      /** Of what was loaded: the file may have changed since the runtime saw it. */
      readonly version: string;
      /** The settings as the module exports them; the runtime validates them. */
      readonly config: Readonly<Record<string, unknown>>;
      /** JSON Schema of the input, when the schema's library can tell it. */
      readonly inputSchema?: unknown;
    }
  | {
      readonly name: string;
      readonly state: 'failed';
      readonly error: {
        readonly name: string;
        readonly message: string;
        readonly stack?: string | undefined;
      };
    };

/** Why an invocation did not succeed, as far as the worker can tell. The body holds what was thrown. */
export type FailureKind = 'threw' | 'invalidInput' | 'notLoaded' | 'unserializable' | 'undecodable';

/** Runtime to worker. */
export type ToWorker =
  /** Before `load`, to a process that waits for it: have there what functions need besides themselves. `root`: see `load`. */
  | { readonly type: 'prepare'; readonly root: string; readonly loadsTypeScript: boolean }
  /** First message to a worker: load these, in this order, then say `ready`. `root` is the project's folder: its tsconfig.json holds.
   * `maxMemory` is for functions that set no limit, in bytes; 0 for none. */
  | {
      readonly type: 'load';
      readonly functions: readonly FunctionSource[];
      readonly root: string;
      readonly maxMemory: number;
    }
  /**
   * Run one invocation, after those before it; the body holds the arguments. `timeoutMs` is for `ctx.remainingTime()`;
   * 0: no timeout. With `isAhead` it was handed over while another one was still out, and may be taken back. With
   * `isStream` what it gives is sent part by part. With a `count` above 1 these are as many invocations of one function,
   * with runs and ids that follow each other, and the body is the JSON of the list of their arguments.
   */
  | {
      readonly type: 'run';
      readonly run: number;
      readonly count: number;
      readonly functionIndex: number;
      readonly invocationId: InvocationId;
      readonly attempt: number;
      readonly isAhead: boolean;
      readonly isStream: boolean;
      readonly timeoutMs: number;
      readonly cwd: string;
    }
  /** The reader of a run has taken so many of its parts, all in all; the function may be `window` parts ahead of that. */
  | { readonly type: 'taken'; readonly run: number; readonly taken: number; readonly window: number }
  /** From now on runs of this index are of the function in the body, an InlineSource; those that came before are not. */
  | { readonly type: 'define'; readonly functionIndex: number }
  /** Abort the signal of a run; the body holds the reason. */
  | { readonly type: 'abort'; readonly run: number }
  /** A call has ended; the body holds its result, or its error unless `ok`. */
  | { readonly type: 'answer'; readonly call: number; readonly ok: boolean }
  /** A request about what is shared is answered; `info` is of its kind, or says what failed. The body holds a value. */
  | { readonly type: 'told'; readonly id: number; readonly ok: boolean; readonly info?: unknown }
  /** Asks whether nothing goes on in this worker but what it waits for; answered by a `still` of shared/requests.ts. */
  | { readonly type: 'standsStill'; readonly question: number }
  /** Before `load`: what this worker runs was spawned, and exchanges messages with the program. */
  | { readonly type: 'converse' }
  /** The body holds what the program sends to the function. */
  | { readonly type: 'message' }
  /** The program sends no more of them. */
  | { readonly type: 'messagesEnd' }
  /** The program has read so many more of the function's. */
  | { readonly type: 'messagesRead'; readonly count: number }
  /** Run teardown and exit. */
  | { readonly type: 'stop' };

/** Worker to runtime. */
export type FromWorker =
  /** Everything is loaded, or has failed to. The body holds the FunctionDescriptor of each, in the order of `load`. */
  | { readonly type: 'ready'; readonly loadMs: number; readonly memoryMB: number }
  /** The body holds a part of what a run gives. With `hasWaited` the function had to wait for its reader before it. */
  | { readonly type: 'part'; readonly run: number; readonly hasWaited: boolean }
  /** The body holds the result. */
  | ({ readonly type: 'succeeded' } & RunEnd)
  /**
   * So many runs of those that came together have succeeded one after another, the first of them this one; the body
   * holds the JSON of the list of their results, or nothing when each is undefined. The duration is of all of them.
   */
  | ({ readonly type: 'results'; readonly count: number } & RunEnd)
  /** The body holds the error as thrown, or the list of issues of an invalid input. */
  | ({
      readonly type: 'failed';
      readonly kind: FailureKind;
      /** Where the value is that can't be sent, for `unserializable`. */
      readonly path?: string;
    } & RunEnd)
  /** The run was taken back before it began. */
  | { readonly type: 'left'; readonly run: number }
  /** What a thread printed; the body holds the bytes. */
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr' }
  /** The body holds the value given to `ctx.progress`. */
  | { readonly type: 'progress'; readonly run: number }
  /** `ctx.invoke`: invoke another function for this run; the body holds the arguments. The runtime reads the options. */
  | {
      readonly type: 'call';
      readonly run: number;
      /** Its number in this worker. */
      readonly call: number;
      readonly name: string;
      readonly options: Readonly<Record<string, unknown>>;
    }
  /** The function gave up a call of its own; the body holds the reason. */
  | { readonly type: 'cancelCall'; readonly call: number }
  /** Asks for something that is shared (see shared/requests.ts); the body holds a value. With the number 0 it wants no answer. */
  | { readonly type: 'shared'; readonly id: number; readonly request: unknown }
  /** The body holds what the function sends to the program. */
  | { readonly type: 'message' }
  /** The function has read so many more of the program's. */
  | { readonly type: 'messagesRead'; readonly count: number }
  /** A line of `ctx.log`; the body holds its fields. */
  | {
      readonly type: 'log';
      readonly run: number;
      readonly level: LogLevelName;
      readonly message?: string | undefined;
    };

interface RunEnd {
  readonly run: number;
  /** How long the function took. */
  readonly durationMs: number;
  /** The worker's resident memory, as of a moment ago; a whole number. */
  readonly memoryMB: number;
  /** How many bytes the worker had written to stdout and stderr by then, since its start. */
  readonly output: readonly [stdout: number, stderr: number];
}

/** A message with the user's value that belongs to it. */
export interface Envelope<Message> {
  readonly message: Message;
  readonly body: EncodedValue | undefined;
}

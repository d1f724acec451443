/// <reference lib="esnext.disposable" preserve="true" />
import type { InvocationStatus, InvokeOptions } from './invocation.ts';

/** How to spawn a function. `timeout`: none unless it is given; the function's own is for its invocations. */
export type SpawnOptions = Pick<InvokeOptions, 'signal' | 'timeout' | 'cwd' | 'transfer'>;

/** Where a spawned function is; `starting` until its worker begins with it. */
export type SpawnedStatus = 'starting' | Exclude<InvocationStatus, 'queued'>;

/**
 * A function in a worker of its own, made by `runtime.spawn`: it and the program exchange messages until it ends. Not a
 * promise itself, so that an async function can return it; `done` is the promise of its result.
 */
export interface SpawnedFunction<Result = unknown, Message = unknown> {
  /** Unique, and in the order of time: a ULID. `ctx.invocationId` of the function. */
  readonly id: string;
  /** That of the function. */
  readonly name: string;
  /** Of its process; undefined until it has started, and for a thread. */
  readonly pid: number | undefined;
  /** Of its thread; undefined until it has started, and for a process. */
  readonly threadId: number | undefined;
  readonly status: SpawnedStatus;
  /**
   * What the function sends by `ctx.send`: in its order, each once, to whichever loop asks next; leaving a loop leaves the rest
   * to the next one. It ends after the last one when the function has ended, in whatever way: `done` tells which.
   */
  readonly messages: AsyncIterable<Message>;
  /** The values given to `ctx.progress`, as those of an invocation. */
  readonly progress: AsyncIterable<unknown>;
  /**
   * Settles when the function has ended: with its result, or with one of the errors of `runtime.invoke`. A rejection that
   * nobody handles is an unhandled rejection, once, unless the program itself has ended the function: by `kill`, `cancel`, `signal`,
   * `await using` or `runtime.close`.
   */
  readonly done: Promise<Result>;
  /**
   * Sends a value to the function, which reads it from `ctx.messages`; also before it has started. Resolves when the function
   * is not more than 256 messages, or 1 MB, behind with its reading; whoever doesn't wait keeps the rest in memory.
   *
   * Rejects with a `SerializationError` when the value can't be sent, and with the code `MESSAGES_ENDED` when the function has
   * ended meanwhile: that is no unhandled rejection, as `done` tells of it.
   */
  send(value: unknown): Promise<void>;
  /** Says that nothing more will be sent: `ctx.messages` ends after what was sent before. */
  endMessages(): void;
  /**
   * Tells the function to end: `ctx.signal` aborts, `ctx.messages` ends, and what goes on in spite of it is killed after the
   * pool's `killGrace`. `done` has its result when it still returns one, else a `CancelledError` with the reason as its `cause`. One that has not begun
   * never runs.
   */
  cancel(reason?: unknown): void;
  /** Ends its worker at once: a process by SIGKILL. What it had sent still arrives; `done` rejects with a `CancelledError`. */
  kill(): void;
  /** The same as `cancel`; resolves when the worker is gone. */
  [Symbol.asyncDispose](): Promise<void>;
}

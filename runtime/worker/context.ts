import type { LogLevelName } from '../channel/levels.ts';
import type { Priority } from '../invocation/invocation.ts';
import type { RetrySettings } from '../invocation/retry.ts';
import type { Shared } from '../shared/shared.ts';

/** Writes a line to the runtime's log, bound to the invocation: a message, or fields and a message. */
export interface ContextLogMethod {
  (fields: object, message?: string): void;
  (message: string): void;
}

export type ContextLog = { readonly [Level in LogLevelName]: ContextLogMethod };

/** How to run an invocation that a function makes. */
export interface CallOptions {
  /** Cancels it when it aborts. It is cancelled in any case when the invocation that makes it ends. */
  signal?: AbortSignal | undefined;
  /** In place of the function's own; never more than the invocation that makes it has left. */
  timeout?: number | string | undefined;
  /** Default: that of the invocation that makes it. */
  priority?: Priority | undefined;
  /** Default: that of the invocation that makes it. */
  cwd?: string | undefined;
  /** In place of the function's own. */
  retry?: RetrySettings | undefined;
}

/** What a function's handler is given beside its input. */
export interface FunctionContext {
  /** The caller's working folder: relative paths in arguments are meant against it. */
  readonly cwd: string;
  readonly invocationId: string;
  readonly functionName: string;
  /** Names the content of the function's module. */
  readonly version: string;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** Aborts when the invocation is cancelled or times out. What ignores it is killed after `killGrace`. */
  readonly signal: AbortSignal;
  /** The time left before the timeout, in ms; Infinity without one. */
  remainingTime(): number;
  readonly log: ContextLog;
  /** Tells the caller how far it is: the value arrives in `invocation.progress`. */
  progress(value: unknown): void;
  /**
   * What the program sends, when it has started this function by `runtime.spawn`: in its order, each once. It ends when the program
   * ends its side, and when the function is told to end; leaving the loop leaves the rest to the next one. To iterate over
   * it in a function that was invoked is an error.
   */
  readonly messages: AsyncIterable<unknown>;
  /**
   * Sends a value to the program that has started this function by `runtime.spawn`. Resolves when the program is not more
   * than 256 messages, or 1 MB, behind with its reading; whoever doesn't wait keeps the rest in this worker. Rejects with a
   * `SerializationError` when the value can't be sent, with the reason of `signal` when that has aborted and the program is behind,
   * and in a function that was invoked.
   */
  send(value: unknown): Promise<void>;
  /**
   * Runs another function, in another worker. While it waits, this invocation takes no place among the `max` of its
   * pool. What is still open when this invocation ends is cancelled. Rejects with the errors of `runtime.invoke`, and
   * with `NESTED_TOO_DEEP` when functions call each other without end.
   */
  invoke<Result = unknown>(name: string, args?: unknown, options?: CallOptions): Promise<Result>;
  /** Locks, queues and the like, shared with other workers and the program. What it holds is given back when it ends. */
  readonly shared: Shared;
}

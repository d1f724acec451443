import type { LogLevelName } from '../channel/levels.ts';

/** Writes a line to the runtime's log, bound to the invocation: a message, or fields and a message. */
export interface ContextLogMethod {
  (fields: object, message?: string): void;
  (message: string): void;
}

export type ContextLog = { readonly [Level in LogLevelName]: ContextLogMethod };

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
}

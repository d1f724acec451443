import type { FunctionInfo } from '../../runtime/index.ts';
import type { InvocationAnswer, RetrySettings } from '../../runtime/server/client.ts';

/** The functions of a project, served by a runtime that runs already or by one of our own: nobody can tell which. */
export interface Project {
  /** Runs a function; an error of the function doesn't reject. Aborting the signal cancels it. */
  invoke(name: string, call: Call): Promise<InvocationAnswer>;
  functions(): Promise<readonly FunctionInfo[]>;
  /** Gives the project back: a runtime of our own is closed. */
  close(): Promise<void>;
  /** The same without waiting for anything that still runs. */
  kill(): Promise<void>;
}

export interface Call {
  readonly args: unknown;
  readonly timeoutMs: number | undefined;
  readonly retry: RetrySettings | undefined;
  readonly signal: AbortSignal;
}

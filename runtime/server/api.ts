/** The bodies of the control API, for both of its sides; how an invocation ended stands in wire-answer.ts. */
import type { FileRetry, FunctionInfo, RetrySettings, RuntimeStats, TriggerInfo } from '../index.ts';
import type { ErrorReport } from './error-report.ts';

/** `GET /status` */
export interface ControlStatus {
  /** Of warm-pool. */
  readonly version: string;
  readonly pid: number;
  /** Stopping: somebody has asked it to, and what runs finishes. */
  readonly state: 'running' | 'stopping';
  readonly root: string;
  /** The configuration file, if there is one. */
  readonly config: string | null;
  readonly dataDir: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly uptimeMs: number;
  readonly stats: RuntimeStats;
  readonly triggers: readonly TriggerInfo[];
}

/** `GET /functions` */
export interface FunctionList {
  readonly functions: readonly FunctionInfo[];
}

/** `POST /functions/:name/invocations` */
export interface InvocationRequest {
  readonly args?: unknown;
  /** Instead of the function's own timeout; null is no limit, because JSON has no Infinity. */
  readonly timeoutMs?: number | null | undefined;
  /** Instead of the function's own, all of it; see RetrySettings. */
  readonly retry?: RetrySettings | undefined;
  /** What `ctx.cwd` is; the project's folder unless it is given. */
  readonly cwd?: string | undefined;
  /** Made up by the caller, for this call alone: what `POST /cancel` names it by. */
  readonly cancelKey?: string | undefined;
}

/** `POST /cancel`, answered with 202, or with 404 when nothing that was given this key is under way. */
export interface CancelRequest {
  readonly cancelKey: string;
  /** Why, for the function and in the error of the invocation. */
  readonly reason: string;
}

/** `POST /files/retry`. What `GET /files?state=…` lists is one line of JSON for each, a FileInfo. */
export interface RetryRequest {
  /** Absolute. */
  readonly paths: readonly string[] | 'all';
}

/** The answer to `POST /files/retry`. */
export interface FileRetries {
  readonly retries: readonly FileRetry[];
}

/** `POST /stop`, answered with 202: the runtime begins to shut down and is gone when its process is. */
export interface StopAnswer {
  readonly pid: number;
  /** Somebody had asked for it before. */
  readonly wasStopping: boolean;
  /** How many invocations it finishes first. */
  readonly unfinished: number;
}

/** What was asked for could not be done; an invocation that failed is told by `ok: false` beside it. */
export interface Refusal {
  readonly error: ErrorReport;
}

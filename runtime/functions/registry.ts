import { defaultPool } from '../config/pool-settings.ts';
import type { PoolError } from '../invocation/errors.ts';
import type { InvocationStatus } from '../invocation/invocation.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { FunctionRetry, RetryCode } from '../invocation/retry.ts';
import { type Generation, type KnownFunction, type LoadFailure, loadError } from './generation.ts';
import { functionNotFound } from './not-found.ts';

/** How many invocations of a function ended how; `invocations` counts those that have ended. */
export interface FunctionStats {
  invocations: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  timedOut: number;
  crashed: number;
}

/** A function, as `runtime.functions()` lists it. */
export interface FunctionInfo {
  readonly name: string;
  readonly file: string;
  /** Names the content of its file. */
  readonly version: string;
  readonly state: 'ready' | 'failed';
  /** Why it could not be loaded, when `state` is `failed`. */
  readonly error?: LoadFailure | undefined;
  readonly description?: string | undefined;
  /** Its settings; `timeout` and `retry.backoff` in ms, `memory` in bytes; what it may leave out is there when it sets it. */
  readonly config: {
    readonly timeout: number;
    readonly retry?: RetryInfo;
    readonly concurrency?: number;
    readonly memory?: number;
    readonly pool: string;
  };
  /** JSON Schema of its input, when its schema's library can tell it. */
  readonly inputSchema?: unknown;
  readonly stats: Readonly<FunctionStats>;
}

interface RetryInfo {
  readonly attempts: number;
  readonly backoff: number;
  readonly on: readonly RetryCode[];
}

/** Knows the functions that can be invoked now. */
export class Registry {
  readonly #timeoutOf: (pool: string) => number;
  readonly #stats = new Map<string, FunctionStats>();
  #generation: Generation | undefined;

  /** `timeoutOf` tells the timeout of a pool, in ms, for functions that set none. */
  constructor(timeoutOf: (pool: string) => number) {
    this.#timeoutOf = timeoutOf;
  }

  /** A new version of the functions is in service. */
  serve(generation: Generation): void {
    this.#generation = generation;
  }

  /** The name of the function's pool; undefined when it can't be invoked. */
  poolOf(name: string): string | undefined {
    return this.#generation?.settingsOf(name)?.pool;
  }

  /** Why the function of this invocation can't be invoked. */
  refusal({ functionName: name, id: invocationId }: InvocationRecord): PoolError {
    const known = this.#generation?.find(name);
    if (known?.state === 'failed') return loadError(known, { functionName: name, invocationId });
    const among = (this.#generation?.functions ?? []).map(({ source }) => source.name);
    return functionNotFound(name, { among, invocationId });
  }

  count(name: string, status: InvocationStatus): void {
    const stats = this.#statsOf(name);
    if (status === 'queued' || status === 'running') return;
    stats.invocations++;
    stats[status]++;
  }

  list(): FunctionInfo[] {
    return (this.#generation?.functions ?? []).map((known) => this.#describe(known));
  }

  stats(): Record<string, FunctionStats> {
    return Object.fromEntries(this.list().map(({ name, stats }) => [name, stats]));
  }

  #describe(known: KnownFunction): FunctionInfo {
    const { source, state } = known;
    const common = { ...source, state, stats: { ...this.#statsOf(source.name) } };
    if (known.state === 'failed') {
      const config = { timeout: this.#timeoutOf(defaultPool), pool: defaultPool };
      return { ...common, config, error: known.error };
    }
    const { settings, inputSchema } = known;
    const { description, retry, concurrency, memory, pool } = settings;
    const timeout = settings.timeoutMs ?? this.#timeoutOf(pool);
    const config = {
      timeout,
      ...(retry && { retry: describeRetry(retry) }),
      ...(concurrency !== undefined && { concurrency }),
      ...(memory !== undefined && { memory }),
      pool,
    };
    return { ...common, config, description, inputSchema };
  }

  #statsOf(name: string): FunctionStats {
    let stats = this.#stats.get(name);
    if (!stats) {
      stats = { invocations: 0, succeeded: 0, failed: 0, cancelled: 0, timedOut: 0, crashed: 0 };
      this.#stats.set(name, stats);
    }
    return stats;
  }
}

function describeRetry({ attempts, backoffMs, on }: FunctionRetry): RetryInfo {
  return { attempts, backoff: backoffMs, on };
}

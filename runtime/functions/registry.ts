import { defaultPool } from '../config/pool-settings.ts';
import type { PoolError } from '../errors/pool-errors.ts';
import type { FunctionStats } from '../figures/function-figures.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { FunctionRetry, RetryCode } from '../invocation/retry.ts';
import { type Generation, type KnownFunction, type LoadFailure, loadError } from './generation.ts';
import { functionNotFound } from './not-found.ts';

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
  readonly #statsOf: (name: string) => FunctionStats;
  #generation: Generation | undefined;

  /** `timeoutOf` tells the timeout of a pool, in ms, for functions that set none; `statsOf` counts of a function. */
  constructor(timeoutOf: (pool: string) => number, statsOf: (name: string) => FunctionStats) {
    this.#timeoutOf = timeoutOf;
    this.#statsOf = statsOf;
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
    const among = this.functions.map(({ source }) => source.name);
    return functionNotFound(name, { among, invocationId });
  }

  /** All of this version, also those that can't be invoked. */
  get functions(): readonly KnownFunction[] {
    return this.#generation?.functions ?? [];
  }

  list(): FunctionInfo[] {
    return this.functions.map((known) => this.#describe(known));
  }

  #describe(known: KnownFunction): FunctionInfo {
    const { source, state } = known;
    const { name, file, version } = source;
    const common = { name, file, version, state, stats: this.#statsOf(name) };
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
}

function describeRetry({ attempts, backoffMs, on }: FunctionRetry): RetryInfo {
  return { attempts, backoff: backoffMs, on };
}

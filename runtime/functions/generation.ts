import type { FunctionDescriptor, FunctionSource } from '../channel/messages.ts';
import { defaultPool } from '../config/pool-settings.ts';
import {
  type ErrorPlace,
  FunctionLoadError,
  FunctionNotFoundError,
  type PoolError,
} from '../errors/pool-errors.ts';
import type { Code, Release } from '../pool/code.ts';
import type { Discovery } from './discovery.ts';
import { PoolCode } from './pool-code.ts';
import { type FunctionSettings, readFunctionSettings } from './settings.ts';

/** What is known of a function in one version of the folder. */
export type KnownFunction =
  | {
      readonly state: 'ready';
      readonly source: FunctionSource;
      readonly settings: FunctionSettings;
      readonly inputSchema: unknown;
    }
  | FailedFunction;

interface FailedFunction {
  readonly state: 'failed';
  readonly source: FunctionSource;
  readonly error: LoadFailure;
}

export interface LoadFailure {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
}

/** The functions as the folder has them at one moment: what workers load, and what they found. */
export class Generation implements Release {
  readonly root: string;
  /** The names of the pools there are. */
  readonly #pools: readonly string[];
  readonly #known = new Map<string, KnownFunction>();
  readonly #sources: Map<string, FunctionSource>;
  /** Of the functions that have said so, the name of their pool. */
  readonly #poolOf = new Map<string, string>();
  readonly #onServing: (generation: Generation) => void;
  #isDescribed = false;
  /** Whether any function sets its `memory`: it is asked for after each invocation. */
  hasMemoryLimits = false;

  constructor(
    discovery: Discovery,
    place: { readonly root: string; readonly pools: readonly string[] },
    onServing: (generation: Generation) => void,
  ) {
    this.root = place.root;
    this.#pools = place.pools;
    this.#onServing = onServing;
    this.#sources = new Map(discovery.sources.map((source) => [source.name, source]));
    for (const [name, files] of discovery.clashes) {
      const message = `several files give this name, rename all but one: ${files.join(', ')}`;
      this.#fail({ name, file: files[0] as string, version: 'none' }, { name: 'Error', message });
    }
  }

  /** In the order of their names. */
  get functions(): KnownFunction[] {
    return [...this.#known.values()].sort((a, b) => (a.source.name < b.source.name ? -1 : 1));
  }

  find(name: string): KnownFunction | undefined {
    return this.#known.get(name);
  }

  codeOf(pool: string): Code {
    return new PoolCode(this, pool, this.#pools.length > 1);
  }

  serve(): void {
    this.#onServing(this);
  }

  /** What a worker of this pool has to load: the first one of the default pool has to find out which are whose. */
  sourcesOf(pool: string): FunctionSource[] {
    const sources = [...this.#sources.values()];
    if (!this.#isDescribed) return pool === defaultPool ? sources : [];
    return sources.filter(({ name }) => this.poolOf(name) === pool);
  }

  hasSource(name: string): boolean {
    return this.#sources.has(name);
  }

  poolOf(name: string): string {
    return this.#poolOf.get(name) ?? defaultPool;
  }

  settingsOf(name: string): FunctionSettings | undefined {
    const known = this.#known.get(name);
    return known?.state === 'ready' ? known.settings : undefined;
  }

  /** Takes down what the first worker of a pool has found. */
  describe(pool: string, descriptors: readonly FunctionDescriptor[]): void {
    for (const descriptor of descriptors) this.#describe(pool, descriptor);
    this.#isDescribed = true;
  }

  /** Leaves a function out: loading its module ended a worker. */
  exclude(name: string, how: string): void {
    const source = this.#sources.get(name);
    if (!source) return;
    this.#sources.delete(name);
    this.#fail(source, { name: 'Error', message: how });
  }

  refusal(name: string, invocationId: string): PoolError {
    const place = { functionName: name, invocationId };
    const known = this.#known.get(name);
    if (known?.state !== 'failed') {
      return new FunctionNotFoundError(`Function "${name}" was removed while the invocation waited.`, place);
    }
    return loadError(known, place);
  }

  #describe(pool: string, descriptor: FunctionDescriptor): void {
    const source = this.#sources.get(descriptor.name);
    if (!source) return;
    if (descriptor.state === 'failed') {
      this.#fail(source, descriptor.error);
      return;
    }
    try {
      const settings = readFunctionSettings(descriptor.config, this.#pools);
      // What it says in its own pool, with the environment of that, changes nothing any more.
      if (pool === defaultPool) this.#poolOf.set(source.name, settings.pool);
      if (settings.memory !== undefined) this.hasMemoryLimits = true;
      const { inputSchema, version } = descriptor;
      this.#known.set(source.name, {
        state: 'ready',
        source: { ...source, version },
        settings: { ...settings, pool: this.poolOf(source.name) },
        inputSchema,
      });
    } catch (error) {
      this.#fail(source, { name: 'Error', message: (error as Error).message });
    }
  }

  #fail(source: FunctionSource, error: LoadFailure): void {
    this.#known.set(source.name, { state: 'failed', source, error });
  }
}

/** The error of a call to a function that could not be loaded; its cause is the error as the worker saw it. */
export function loadError({ source, error }: FailedFunction, place: ErrorPlace): FunctionLoadError {
  const { name, message, stack } = error;
  const cause = Object.defineProperties(new Error(message), {
    name: { value: name, configurable: true, writable: true },
    stack: { value: stack, configurable: true, writable: true },
  });
  return new FunctionLoadError(loadFailureText(source, error), { ...place, cause });
}

/** As in `Function "resize" could not be loaded from /path/resize.ts: SyntaxError: …`. */
function loadFailureText({ name, file }: FunctionSource, error: LoadFailure): string {
  const kind = error.name === 'Error' ? '' : `${error.name}: `;
  return `Function "${name}" could not be loaded from ${file}: ${kind}${error.message}`;
}

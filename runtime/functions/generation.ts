import type { FunctionDescriptor, FunctionSource } from '../channel/messages.ts';
import {
  type ErrorPlace,
  FunctionLoadError,
  FunctionNotFoundError,
  type PoolError,
} from '../invocation/errors.ts';
import type { RetryPolicy } from '../invocation/retry.ts';
import type { Code } from '../pool/code.ts';
import type { Discovery } from './discovery.ts';
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
export class Generation implements Code {
  readonly root: string;
  readonly #known = new Map<string, KnownFunction>();
  readonly #onLoaded: (generation: Generation) => void;
  #sources: readonly FunctionSource[];

  constructor(discovery: Discovery, root: string, onLoaded: (generation: Generation) => void) {
    this.root = root;
    this.#onLoaded = onLoaded;
    this.#sources = discovery.sources;
    for (const [name, files] of discovery.clashes) {
      const message = `several files give this name, rename all but one: ${files.join(', ')}`;
      this.#fail({ name, file: files[0] as string, version: 'none' }, { name: 'Error', message });
    }
  }

  get sources(): readonly FunctionSource[] {
    return this.#sources;
  }

  /** In the order of their names. */
  get functions(): KnownFunction[] {
    return [...this.#known.values()].sort((a, b) => (a.source.name < b.source.name ? -1 : 1));
  }

  find(name: string): KnownFunction | undefined {
    return this.#known.get(name);
  }

  loaded(descriptors: readonly FunctionDescriptor[]): void {
    for (const descriptor of descriptors) this.#describe(descriptor);
    this.#onLoaded(this);
  }

  exclude(name: string, how: string): void {
    const source = this.#sources.find((each) => each.name === name);
    if (!source) return;
    this.#sources = this.#sources.filter((each) => each !== source);
    this.#fail(source, { name: 'Error', message: how });
  }

  timeoutOf(name: string): number | undefined {
    const known = this.#known.get(name);
    return known?.state === 'ready' ? known.settings.timeoutMs : undefined;
  }

  retryOf(name: string): RetryPolicy | undefined {
    const known = this.#known.get(name);
    return known?.state === 'ready' ? known.settings.retry : undefined;
  }

  get concurrency(): ReadonlyMap<string, number> {
    const limits = new Map<string, number>();
    for (const [name, known] of this.#known) {
      if (known.state !== 'ready') continue;
      const { concurrency } = known.settings;
      if (concurrency !== undefined) limits.set(name, concurrency);
    }
    return limits;
  }

  refusal(name: string, invocationId: string): PoolError {
    const place = { functionName: name, invocationId };
    const known = this.#known.get(name);
    if (known?.state !== 'failed') {
      return new FunctionNotFoundError(`Function "${name}" was removed while the invocation waited.`, place);
    }
    return loadError(known, place);
  }

  #describe(descriptor: FunctionDescriptor): void {
    const source = this.#sources.find(({ name }) => name === descriptor.name);
    if (!source) return;
    if (descriptor.state === 'failed') {
      this.#fail(source, descriptor.error);
      return;
    }
    try {
      const settings = readFunctionSettings(descriptor.config);
      const { inputSchema, version } = descriptor;
      this.#known.set(source.name, {
        state: 'ready',
        source: { ...source, version },
        settings,
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

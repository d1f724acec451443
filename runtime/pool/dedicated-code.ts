import type { FunctionSource } from '../channel/messages.ts';
import type { PoolError } from '../errors/pool-errors.ts';
import type { Code } from './code.ts';

/** One function of other code, for a worker of its own: what it finds there concerns nobody else. */
export class DedicatedCode implements Code {
  readonly dedicatedTo: string;
  readonly sources: readonly FunctionSource[];
  readonly isLoadedByOneFirst = false;
  readonly concurrency = new Map<string, number>();
  readonly #code: Code;

  constructor(code: Code, source: FunctionSource) {
    this.#code = code;
    this.dedicatedTo = source.name;
    this.sources = [source];
  }

  get root(): string {
    return this.#code.root;
  }

  get loadsTypeScript(): boolean {
    return this.#code.loadsTypeScript;
  }

  has(name: string): boolean {
    return name === this.dedicatedTo;
  }

  loaded(): void {}

  exclude(): void {}

  /** Its own is for invocations. */
  timeoutOf(): undefined {
    return undefined;
  }

  memoryOf(name: string): number | undefined {
    return this.#code.memoryOf(name);
  }

  /** What has exchanged messages can't be begun anew. */
  retryOf(): undefined {
    return undefined;
  }

  refusal(name: string, invocationId: string): PoolError {
    return this.#code.refusal(name, invocationId);
  }
}

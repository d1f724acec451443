import type { FunctionDescriptor, FunctionSource } from '../channel/messages.ts';
import { defaultPool } from '../config/pool-settings.ts';
import type { PoolError } from '../errors/pool-errors.ts';
import { inlineKey } from '../invocation/inline-function.ts';
import type { RetryPolicy } from '../invocation/retry.ts';
import { isTypeScript } from '../modules/module-kind.ts';
import type { Code } from '../pool/code.ts';
import type { Generation } from './generation.ts';

/** What one pool runs of a generation. */
export class PoolCode implements Code {
  readonly dedicatedTo = undefined;
  readonly isLoadedByOneFirst: boolean;
  readonly #generation: Generation;
  readonly #pool: string;

  constructor(generation: Generation, pool: string, isLoadedByOneFirst: boolean) {
    this.#generation = generation;
    this.#pool = pool;
    this.isLoadedByOneFirst = isLoadedByOneFirst && pool === defaultPool;
  }

  get root(): string {
    return this.#generation.root;
  }

  get sources(): readonly FunctionSource[] {
    return this.#generation.sourcesOf(this.#pool);
  }

  get loadsTypeScript(): boolean {
    return this.sources.some(({ file, compiled }) => compiled === undefined && isTypeScript(file));
  }

  has(name: string): boolean {
    if (name === inlineKey) return true; // every worker compiles what it is given
    return this.#generation.hasSource(name) && this.#generation.poolOf(name) === this.#pool;
  }

  loaded(descriptors: readonly FunctionDescriptor[]): void {
    this.#generation.describe(this.#pool, descriptors);
  }

  exclude(name: string, how: string): void {
    this.#generation.exclude(name, how);
  }

  timeoutOf(name: string): number | undefined {
    return this.#generation.settingsOf(name)?.timeoutMs;
  }

  memoryOf(name: string): number | undefined {
    return this.#generation.hasMemoryLimits ? this.#generation.settingsOf(name)?.memory : undefined;
  }

  retryOf(name: string): RetryPolicy | undefined {
    return this.#generation.settingsOf(name)?.retry;
  }

  get concurrency(): ReadonlyMap<string, number> {
    const limits = new Map<string, number>();
    for (const { name } of this.sources) {
      const { concurrency } = this.#generation.settingsOf(name) ?? {};
      if (concurrency !== undefined) limits.set(name, concurrency);
    }
    return limits;
  }

  refusal(name: string, invocationId: string): PoolError {
    return this.#generation.refusal(name, invocationId);
  }
}

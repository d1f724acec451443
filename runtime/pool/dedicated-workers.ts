import { RuntimeClosedError } from '../errors/pool-errors.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { SpawnedListener } from '../invocation/spawned.ts';
import type { Code } from './code.ts';
import { DedicatedCode } from './dedicated-code.ts';
import { type DedicatedOptions, DedicatedWorker } from './dedicated-worker.ts';
import type { Worker } from './worker.ts';

/** The workers beside a pool that were started for a spawned function each, with the pool's settings. */
export class DedicatedWorkers {
  readonly #options: DedicatedOptions;
  readonly #there = new Set<DedicatedWorker>();

  constructor(options: Omit<DedicatedOptions, 'onStart' | 'onGone'>) {
    this.#options = {
      ...options,
      onStart: (worker) => this.#there.add(worker),
      onGone: (worker) => this.#there.delete(worker),
    };
  }

  get workers(): Worker[] {
    return Array.from(this.#there, ({ worker }) => worker).filter((worker) => worker !== undefined);
  }

  /** One that `submit` starts, with the function as it is in this code; or why there is none. */
  open(
    { functionName, id }: InvocationRecord,
    code: Code,
    listener: SpawnedListener,
  ): DedicatedWorker | Error {
    const source = code.sources.find(({ name }) => name === functionName);
    if (!source) return code.refusal(functionName, id);
    return new DedicatedWorker(new DedicatedCode(code, source), listener, this.#options);
  }

  /** Tells all functions that the runtime is closed; resolves when the workers are gone. */
  async close(): Promise<void> {
    const all = [...this.#there];
    for (const each of all) each.close(toldToEnd);
    await Promise.all(all.map(({ gone }) => gone));
  }

  /** Ends all of them now. */
  kill(error: (record: InvocationRecord) => RuntimeClosedError): void {
    for (const each of this.#there) each.killByClose(error);
  }
}

function toldToEnd({ functionName, id: invocationId }: InvocationRecord): RuntimeClosedError {
  const message = `Function "${functionName}" was told to end, as the runtime was closed.`;
  return new RuntimeClosedError(message, { functionName, invocationId });
}

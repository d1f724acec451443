import type { FunctionSource } from '../channel/messages.ts';
import type { WorkerExit } from '../invocation/outcome.ts';
import type { Worker } from './worker.ts';

/** Finds the function whose module ended a worker that was loading it. */
export class Culprits {
  /** The function that a worker was loading when something from outside may have killed it. */
  #suspect: FunctionSource | undefined;

  /** `loading` is the index of the function that was being loaded when the worker ended. */
  find(worker: Worker, exit: WorkerExit, loading: number): FunctionSource | undefined {
    const loaded = worker.sources.slice(0, loading + 1);
    // What a module threw later comes while another one is being loaded; its stack says whose it was.
    const named = loaded.filter(({ file }) => exit.stderr.some((line) => line.includes(file)));
    const source = named.length === 1 ? named[0] : loaded.at(-1);
    return source && this.#isToBlame(source, worker, exit) ? source : undefined;
  }

  /** An exit or a missed deadline is the module's doing; a signal may come from outside, the first time. */
  #isToBlame(culprit: FunctionSource, worker: Worker, { signal }: WorkerExit): boolean {
    const isSecondTime = this.#suspect === culprit;
    this.#suspect = culprit;
    return isSecondTime || signal === null || worker.endReason !== undefined;
  }
}

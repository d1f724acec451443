import { exitWith } from './exit.ts';
import { exitCodes } from './exit-codes.ts';
import { onInterrupt } from './interrupt.ts';
import type { Project } from './project/project.ts';

/** What a command does with a project, and what Ctrl-C makes of it: the first cancels, the second kills. */
export class InterruptedWork {
  readonly #cancellation = new AbortController();
  #project: Project | undefined;

  constructor() {
    onInterrupt({
      first: (signal) => this.#cancel(signal),
      again: () => this.#kill(),
    });
  }

  /** Aborts with the first Ctrl-C. */
  get signal(): AbortSignal {
    return this.#cancellation.signal;
  }

  async open(opening: Promise<Project>): Promise<Project> {
    this.#project = await opening;
    return this.#project;
  }

  async close(): Promise<void> {
    await this.#project?.close();
  }

  #cancel(signal: NodeJS.Signals): void {
    // Nothing has been asked of anybody yet; workers that are about to start end with their parent.
    if (!this.#project) exitWith(exitCodes.interrupted);
    this.#cancellation.abort(new Error(`interrupted by ${signal}`));
  }

  #kill(): void {
    const exit = () => exitWith(exitCodes.interrupted);
    (this.#project?.kill() ?? Promise.resolve()).then(exit, exit);
  }
}

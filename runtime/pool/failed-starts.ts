import type { JournalContent } from '../channel/journal/reader.ts';
import { defaultPool } from '../config/pool-settings.ts';
import { WorkerCrashedError } from '../errors/pool-errors.ts';
import { describeExit, lastWords, type WorkerExit } from '../invocation/outcome.ts';
import { Culprits } from './culprits.ts';
import { StartFailures } from './start-failures.ts';
import type { Worker } from './worker.ts';

/** What follows from workers that end before they have run anything. */
export class FailedStarts {
  readonly #failures = new StartFailures();
  readonly #culprits = new Culprits();
  #timer: NodeJS.Timeout | undefined;

  /** Calls back when the next start need not wait: at once, as long as none has failed; once for all that ask meanwhile. */
  whenDue(start: () => void): void {
    if (this.#timer) return;
    const { waitMs } = this.#failures;
    if (waitMs === 0) {
      start();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      start();
    }, waitMs).unref();
  }

  /** A worker has run something. */
  forget(): void {
    this.#failures.succeeded();
  }

  /** There is other code, which may well start where the last did not; what waits to be started is not started. */
  reset(): void {
    this.forget();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /**
   * This worker has ended before it ran anything. Returns an error when no further one can be expected to start.
   * `isInService`: workers have got ready with its code before.
   */
  note(
    worker: Worker,
    exit: WorkerExit,
    { loading }: JournalContent,
    isInService: boolean,
  ): WorkerCrashedError | undefined {
    const how = worker.endReason ?? describeExit(exit);
    // In code that is in service every function has been loaded before: there it is what they need, a database for
    // example, that is missing for a while.
    const culprit =
      loading === undefined || isInService ? undefined : this.#culprits.find(worker, exit, loading);
    if (culprit) {
      // One function's module ends the process, or never finishes: the others are served without it.
      worker.code.exclude(culprit.name, `the worker ${how} while it loaded the module.${lastWords(exit)}`);
      this.forget();
      return undefined;
    }
    const isFromOutside = isInService && exit.signal !== null && worker.endReason === undefined;
    this.#failures.failed(worker.spawnedAt, isFromOutside);
    if (!this.#failures.isHopeless) return undefined;
    const where = worker.pool === defaultPool ? '' : ` in the pool "${worker.pool}"`;
    return new WorkerCrashedError(`No worker starts${where}: the last one ${how}.${lastWords(exit)}`, exit);
  }
}

/** Whether it has ended by itself before it ran anything. */
export function hasRunNothing(worker: Worker, { started }: JournalContent): boolean {
  const { current, invocations, readyAt, endReason } = worker;
  const wasTold = endReason !== undefined && readyAt !== Number.POSITIVE_INFINITY;
  const hasBegun = current !== undefined && (started === undefined || started >= current.run);
  return !wasTold && !hasBegun && invocations === 0;
}

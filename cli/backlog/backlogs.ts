import { setTimeout as delay } from 'node:timers/promises';
import type { DroppedEvents, Logger, Runtime, RuntimeEvent } from '../../runtime/index.ts';
import { describeBacklog, describeStoppedBacklog } from '../output/backlog.ts';
import { showLiveLine } from '../output/live-line.ts';
import type { PoolLogger } from '../output/logger.ts';
import { progressLine } from '../output/progress-line.ts';
import { Backlog, leftOf } from './backlog.ts';
import { readFileLines } from './file-lines.ts';

/**
 * Shows on the terminal how far the backlogs of the `watch` triggers are, with one line that changes in the place of a line
 * in the log for each file. While there is nothing to do it costs nothing but to be told of the next invocation.
 */
export class Backlogs {
  /** For the runtime: what is logged to it goes to the log, those lines apart. */
  readonly logger: Logger;
  readonly #log: PoolLogger;
  readonly #byTrigger = new Map<string, Backlog>();
  #hideLine: (() => void) | undefined;
  #isStopped = false;

  constructor(log: PoolLogger) {
    this.#log = log;
    this.logger = readFileLines(log, {
      onEnd: (trigger, how) => this.#byTrigger.get(trigger)?.fileEnded(how),
      isWanted: (trigger) => !this.#byTrigger.get(trigger)?.isShown,
    });
  }

  /** To be called before the triggers start. */
  follow(runtime: Runtime): void {
    this.#follow(runtime).catch((error: Error) => {
      this.#log.warn({ err: error }, `how far backlogs are is not shown any more: ${error.message}`);
      this.stop();
    });
  }

  /** From now on each file has its own line again. */
  stop(): void {
    this.#isStopped = true;
    for (const [trigger, backlog] of this.#shown) {
      const { total } = backlog.progress(performance.now());
      const finished = backlog.finish(performance.now());
      this.#log.info(
        { trigger, ...finished },
        describeStoppedBacklog(trigger, finished, total - finished.files),
      );
    }
    this.#byTrigger.clear();
    this.#showLine();
  }

  async #follow(runtime: Runtime): Promise<void> {
    const watching = runtime.triggers().filter(({ kind }) => kind === 'watch');
    for (const { id } of watching) this.#byTrigger.set(id, new Backlog(performance.now()));
    const functions = new Set(watching.flatMap((trigger) => trigger.functions));
    // Of what happened while it was looking, it is enough to know that there was something.
    for await (const event of runtime.events({ buffer: 1 })) {
      if (this.#isStopped) return;
      if (mayBeWork(event, functions)) await this.#untilIdle(runtime);
    }
  }

  async #untilIdle(runtime: Runtime): Promise<void> {
    // Since the last look, which found nothing, it may have been a long time.
    for (const backlog of this.#byTrigger.values()) backlog.begin(performance.now());
    let pauseMs = lookAgainMs;
    for (let before = ''; ; ) {
      await delay(pauseMs, undefined, { ref: false });
      if (this.#isStopped) return;
      const startedAt = performance.now();
      const { left, state } = this.#look(runtime);
      if (left === 0) return;
      const isSame = state === before;
      before = state;
      pauseMs = Math.max(
        isSame ? Math.min(2 * pauseMs, longestPauseMs) : lookAgainMs,
        (performance.now() - startedAt) / largestShare,
      );
    }
  }

  /** `state` is another text when something has happened. */
  #look(runtime: Runtime): { left: number; state: string } {
    const now = performance.now();
    let left = 0;
    const triggers = runtime.triggers();
    for (const { id, counts } of triggers) {
      const backlog = this.#byTrigger.get(id);
      if (!backlog) continue;
      left += leftOf(counts);
      const finished = backlog.look(counts, now);
      if (finished) this.#log.info({ trigger: id, ...finished }, describeBacklog(id, finished));
    }
    this.#showLine();
    return { left, state: JSON.stringify(triggers) };
  }

  get #shown(): [string, Backlog][] {
    return [...this.#byTrigger].filter(([, { isShown }]) => isShown);
  }

  #showLine(): void {
    if (this.#shown.length > 0) this.#hideLine ??= showLiveLine((columns) => this.#line(columns));
    else {
      this.#hideLine?.();
      this.#hideLine = undefined;
    }
  }

  /** One for all: they share the workers. */
  #line(columns: number): string {
    const now = performance.now();
    const all = this.#shown.map(([, backlog]) => backlog.progress(now));
    const sumOf = (count: (of: (typeof all)[number]) => number) =>
      all.reduce((sum, each) => sum + count(each), 0);
    const progress = {
      name: this.#shown.map(([trigger]) => trigger).join(', '),
      kind: 'files',
      ended: sumOf(({ ended }) => ended),
      total: sumOf(({ total }) => total),
      failed: sumOf(({ failed }) => failed),
      perSecond: sumOf(({ perSecond = 0 }) => perSecond) || undefined,
      hasBar: false,
    };
    return progressLine(progress, columns, process.stderr);
  }
}

function mayBeWork(event: RuntimeEvent | DroppedEvents, functions: ReadonlySet<string>): boolean {
  if (event.type === 'dropped') return true;
  return event.type === 'invocation:queued' && functions.has(event.functionName);
}

const lookAgainMs = 250;

/** While nothing happens, as when the function is missing. */
const longestPauseMs = 2_000;

// Counting takes 12 ms with 100,000 files that are done, and more with more.
const largestShare = 0.02;

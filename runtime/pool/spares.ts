import type { PoolSettings } from '../config/pool-settings.ts';
import type { Code } from './code.ts';
import { Spare } from './spare.ts';
import type { HostHandlers, WorkerHost } from './worker-host.ts';

/**
 * The processes of a pool that have no functions yet. They are no workers: no limit and no figure counts them. Some are
 * started ahead, while it is still being found out what is to be loaded. Later one is kept, so that a worker that takes the
 * place of another, or is one more, takes only as long as its functions.
 */
export class Spares {
  readonly #settings: PoolSettings;
  /** All that have not been taken and not ended. */
  readonly #there = new Set<Spare>();
  #usable: Spare[] = [];
  /** What the one that is kept is kept for. */
  #code: Code | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delayMs = usualDelayMs;
  /** How often in a row the pool was not quiet. */
  #busyLooks = 0;
  readonly #onEmpty: (() => void)[] = [];

  #isQuiet: () => boolean = () => true;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** Starts so many, for workers that are to be started soon. A thread starts in no time. */
  startAhead(count: number): void {
    if (this.#settings.isolation === 'thread') return;
    while (this.#usable.length < count) this.#start();
  }

  /** For a worker that is to be started, if there is one; it tells these from now on. */
  take(handlers: HostHandlers): WorkerHost | undefined {
    const spare = this.#usable.pop();
    if (!spare) return undefined;
    this.#keep();
    if (spare.isAsNew) {
      this.#there.delete(spare);
      return spare.take(handlers);
    }
    spare.kill();
    return this.take(handlers);
  }

  /**
   * From now on one is kept, for workers with this code. Who wants no worker kept wants no spare one either. `isQuiet` tells
   * whether one more process is in nobody's way now.
   */
  keepFor(code: Code, isQuiet: () => boolean): void {
    const { isolation, min } = this.#settings;
    // tsx reads the tsconfig.json once: what has it may have an old one.
    if (this.#code?.loadsTypeScript) this.discard();
    if (isolation === 'thread' || min === 0 || code.sources.length === 0) {
      this.discard();
      return;
    }
    this.#code = code;
    this.#isQuiet = isQuiet;
    this.#keep();
  }

  /** Ends those that are there. */
  discard(): void {
    this.#code = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const spare of this.#usable.splice(0)) spare.kill();
  }

  /** Ends them for good; resolves when their processes are gone. */
  async stop(): Promise<void> {
    this.discard();
    if (this.#there.size > 0) await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  #keep(): void {
    if (!this.#code || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, this.#delayMs).unref();
  }

  #look(): void {
    const code = this.#code;
    if (!code || this.#usable.length > 0) return;
    if (!this.#isQuiet() && ++this.#busyLooks < mostBusyLooks) {
      this.#keep();
      return;
    }
    this.#busyLooks = 0;
    this.#start().prepare(code.root, { loadsTypeScript: code.loadsTypeScript });
  }

  #start(): Spare {
    const startedAt = performance.now();
    const spare = new Spare(this.#settings, () => {
      this.#there.delete(spare);
      if (this.#there.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
      const index = this.#usable.indexOf(spare);
      if (index === -1) return; // it was ended
      this.#usable.splice(index, 1);
      // By itself: the longer it lived, the less the next one has to fear.
      const isLasting = performance.now() - startedAt > longestDelayMs;
      this.#delayMs = isLasting ? usualDelayMs : Math.min(2 * this.#delayMs, longestDelayMs);
      this.#keep();
    });
    this.#there.add(spare);
    this.#usable.push(spare);
    return spare;
  }
}

/** Even with a `min` of 0 one worker is started with new code: only a worker can tell that it loads. */
export const firstWorkers = 1;

/** A program that only makes a few calls and ends should not pay for a process that it never uses. */
const usualDelayMs = 1_000;

/** How often a pool that is always busy is left alone: then a start, 100 ms of one core, is what it needs most. */
const mostBusyLooks = 10;

/** Between two that ended by themselves. */
const longestDelayMs = 5 * 60_000;

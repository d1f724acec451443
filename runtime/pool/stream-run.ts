import type { PartSource } from '../invocation/part-queue.ts';
import { LazyTimer } from './lazy-timer.ts';
import type { Waits } from './waits.ts';
import type { WorkerHost } from './worker-host.ts';

/** Far longer than a reader who keeps up takes, and shorter than the start of a worker. */
const heldBackAfterMs = 20;

export interface StreamRunOptions {
  readonly host: WorkerHost;
  readonly run: number;
  readonly functionName: string;
  readonly waits: Waits;
}

/** A run whose parts are read, as their queue sees it. It counts as waiting while its reader takes his time. */
export class StreamRun implements PartSource {
  readonly #options: StreamRunOptions;
  readonly #timer = new LazyTimer(() => this.#waits());
  #heldBackAt: number | undefined;
  #isWaiting = false;

  constructor(options: StreamRunOptions) {
    this.#options = options;
  }

  /** Since when it waits for its reader, by performance.now(); undefined when it doesn't. */
  get unreadSince(): number | undefined {
    return this.#heldBackAt;
  }

  /** Whether it has done so for a while. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  taken(taken: number, window: number): void {
    this.#goesOn();
    const { host, run } = this.#options;
    host.send({ type: 'taken', run, taken, window });
  }

  heldBack(): void {
    this.#heldBackAt = performance.now();
    this.#timer.set(heldBackAfterMs, this.#heldBackAt);
  }

  ended(): void {
    this.#goesOn();
    this.#timer.stop();
  }

  #waits(): void {
    this.#isWaiting = true;
    const { waits, functionName } = this.#options;
    waits.begin(functionName);
  }

  #goesOn(): void {
    this.#heldBackAt = undefined;
    this.#timer.clear();
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    const { waits, functionName } = this.#options;
    waits.end(functionName);
  }
}

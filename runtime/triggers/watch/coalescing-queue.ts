import { Fifo } from '../../channel/fifo.ts';

/**
 * Does a piece of work for each key that was added, a bounded number at a time. A key that is added twice before its
 * turn is worked on once; one that is added during its own work is worked on once more afterwards. So however
 * many hints arrive, the last one is always followed by a look.
 */
export class CoalescingQueue {
  readonly #limit: number;
  readonly #work: (key: string) => Promise<void>;
  readonly #urgent = new Fifo<string>();
  readonly #ordinary = new Fifo<string>();
  readonly #waiting = new Map<string, 'urgent' | 'ordinary'>();
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  #scheduled: NodeJS.Immediate | undefined;
  #whenIdle: (() => void)[] = [];
  #closed = false;

  constructor(limit: number, work: (key: string) => Promise<void>) {
    this.#limit = limit;
    this.#work = work;
  }

  get size(): number {
    return this.#waiting.size + this.#running.size;
  }

  /** Urgent keys overtake ordinary ones: a file that lands now doesn't wait for a scan of those that were there. */
  add(key: string, urgency: 'urgent' | 'ordinary' = 'ordinary'): void {
    if (this.#closed) return;
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    const waiting = this.#waiting.get(key);
    if (waiting === 'urgent' || waiting === urgency) return;
    this.#waiting.set(key, urgency);
    (urgency === 'urgent' ? this.#urgent : this.#ordinary).push(key);
    // Not before all events of this turn are in: creating a file sends two or three for the same name.
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#fill();
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void> {
    if (this.size === 0 || this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Drops what waits. What runs comes to its end. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#again.clear();
    clearImmediate(this.#scheduled);
    this.#becomeIdle();
  }

  #fill(): void {
    while (this.#running.size < this.#limit) {
      const key = this.#next();
      if (key === undefined) break;
      this.#running.add(key);
      void this.#run(key);
    }
    if (this.size === 0) this.#becomeIdle();
  }

  #next(): string | undefined {
    for (const [line, urgency] of [
      [this.#urgent, 'urgent'],
      [this.#ordinary, 'ordinary'],
    ] as const) {
      for (let key = line.shift(); key !== undefined; key = line.shift()) {
        // A key that became urgent later also stands in the ordinary line, where it is passed over.
        if (this.#waiting.get(key) !== urgency) continue;
        this.#waiting.delete(key);
        return key;
      }
    }
    return undefined;
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#work(key);
    } finally {
      this.#running.delete(key);
      if (this.#again.delete(key)) this.add(key, 'urgent');
      this.#fill();
    }
  }

  #becomeIdle(): void {
    const resolvers = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of resolvers) resolve();
  }
}

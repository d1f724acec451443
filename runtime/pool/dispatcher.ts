import { isInMidst } from '../channel/midst.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { Code } from './code.ts';
import { budgetMs } from './credit.ts';
import type { Fleet } from './fleet.ts';
import type { HandAhead } from './hand-ahead.ts';
import type { InvocationQueue } from './queue.ts';

export interface DispatcherOptions {
  readonly queue: InvocationQueue;
  readonly fleet: Fleet;
  readonly handAhead: HandAhead;
  /** Taken out of the queue: no worker with this code has its function, which was moved to another pool or is gone. */
  readonly onStranger: (record: InvocationRecord, code: Code) => void;
}

/** In a turn that makes calls workers are listened to as often: half of the time that what they hold should last. */
const longestUnheardMs = budgetMs / 2;

/** What all workers were handed ahead takes less to be read, and to be handed out anew. */
const longestCatchUpMs = 3;

/** Brings what waits and the workers that can take it together. */
export class Dispatcher {
  readonly #queue: InvocationQueue;
  readonly #fleet: Fleet;
  readonly #handAhead: HandAhead;
  readonly #onStranger: DispatcherOptions['onStranger'];
  /** The next one, when the last look found no worker for it; forgotten when something changes. */
  #stuck: InvocationRecord | undefined;
  #isDue = false;
  /** Not before then, by performance.now(). */
  #catchesUpAt = 0;

  constructor({ queue, fleet, handAhead, onStranger }: DispatcherOptions) {
    this.#queue = queue;
    this.#fleet = fleet;
    this.#handAhead = handAhead;
    this.#onStranger = onStranger;
  }

  /** This one has been put in the queue. */
  queued(record: InvocationRecord): void {
    this.putBack(this.#handAhead.recallFor(record));
    // In a burst most find the same one before them that could not be handed out a moment ago.
    if (this.#next !== this.#stuck || this.#fleet.canGrow) this.dispatch();
  }

  /**
   * Whoever makes many calls in one turn keeps the event loop from everything else: when that has gone on for a while,
   * what was handed out is sent, and the results that are there make room for more. `now` is by performance.now().
   */
  catchUp(now: number): void {
    if (now < this.#catchesUpAt || this.#queue.size === 0 || isInMidst()) return;
    for (const worker of this.#fleet.workers) worker.readSome();
    this.dispatch();
    for (const worker of this.#fleet.workers) worker.flush();
    const end = performance.now();
    const tookMs = end - now;
    // Where somebody sends without end, half of the time is left for the calls.
    this.#catchesUpAt = tookMs > longestCatchUpMs ? end + tookMs : now + longestUnheardMs;
  }

  /** Hands out what can run. */
  dispatch(): void {
    this.#stuck = undefined;
    for (let next = this.#next; next; next = this.#next) {
      const idle = this.#fleet.takeIdle();
      const worker = idle ?? this.#handAhead.findHolder(next);
      if (!worker) {
        this.#stuck = next;
        break;
      }
      const record = this.#queue.take(this.#fleet.shallowest) as InvocationRecord;
      if (record.request && worker.has(record.functionName)) {
        worker.hand(record, record.request);
        if (worker.isSpent) this.#fleet.scale();
        continue;
      }
      this.#queue.release(record.functionName);
      if (idle) this.#fleet.giveBack(idle);
      this.#onStranger(record, worker.code);
    }
    if (this.#queue.demand > 0) this.#fleet.scale();
  }

  /** The same when all that came with it has been read: what has become free in one turn is handed out together. */
  dispatchSoon(): void {
    this.#stuck = undefined;
    if (this.#isDue || this.#queue.size === 0) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.dispatch();
    });
  }

  /** What a worker will not begin is to run elsewhere. */
  runElsewhere(records: readonly InvocationRecord[]): void {
    this.putBack(records);
    this.dispatch();
  }

  /** From the hands of a worker to the front of the queue, in their order; what has ended only leaves those hands. */
  putBack(records: readonly InvocationRecord[]): void {
    if (records.length === 0) return;
    for (const record of records.toReversed()) {
      if (record.hasEnded) this.#queue.release(record.functionName);
      else this.#queue.putBack(record);
    }
    const { code } = this.#fleet;
    // By a worker with code that was replaced: this pool may not have their functions any more.
    if (code && records.some(({ functionName }) => !code.has(functionName))) this.turnAwayStrangers(code);
  }

  /** Takes out what no worker with this code has: now, as its turn may be a long run away. */
  turnAwayStrangers(code: Code): void {
    for (const record of this.#queue.removeWhere(({ functionName }) => !code.has(functionName))) {
      this.#onStranger(record, code);
    }
  }

  /** The next one that may run. */
  get #next(): InvocationRecord | undefined {
    return this.#queue.nextFrom(this.#fleet.shallowest);
  }
}

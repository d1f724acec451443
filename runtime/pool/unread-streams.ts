import { RuntimeClosedError } from '../errors/pool-errors.ts';
import type { InvocationRecord } from '../invocation/record.ts';
import type { Worker } from './worker.ts';

/**
 * How long a reader may take for one part while the runtime closes. One who is at work with it should get the others; one
 * who will never come back should not hold up the close for ever.
 */
const longestUnreadMs = 5_000;
const lookAgainMs = 50;

/** Ends what waits for readers who have gone, once the runtime closes. */
export class UnreadStreams {
  readonly #workers: () => Iterable<Worker>;
  #timer: NodeJS.Timeout | undefined;

  constructor(workers: () => Iterable<Worker>) {
    this.#workers = workers;
  }

  /** From now on no reader is waited for without end. */
  watch(): void {
    if (this.#timer) return;
    const from = performance.now();
    this.#timer = setInterval(() => {
      const latest = performance.now() - longestUnreadMs;
      for (const worker of this.#workers()) {
        const { current, unreadSince } = worker;
        if (!current || unreadSince === undefined) continue;
        // Nobody has begun to read it: many that nobody ever will are not to wait so long one after another.
        const isForgotten = current.record.parts?.hasReader === false;
        if ((isForgotten ? from : Math.max(unreadSince, from)) > latest) continue;
        worker.abandon(current.record, { kind: 'refused', error: errorOf(current.record) });
      }
    }, lookAgainMs).unref();
  }

  /** Nothing runs any more. */
  stop(): void {
    clearInterval(this.#timer);
  }
}

function errorOf({ functionName, id: invocationId }: InvocationRecord): RuntimeClosedError {
  const message =
    `Function "${functionName}" was ended, as the runtime is being closed: it waited for its reader, ` +
    `who has taken no part for ${longestUnreadMs / 1_000} s.`;
  return new RuntimeClosedError(message, { functionName, invocationId });
}

import type { Asker } from './asker.ts';
import { Line } from './line.ts';
import type { Lock } from './lock.ts';

/** Those who gave up a lock until somebody tells them that what it guards has changed. */
export class Condition {
  readonly #line = new Line();
  readonly #notifyAnother: () => void;

  /** `notifyAnother` of those who wait now: this may have been forgotten meanwhile. */
  constructor(notifyAnother: () => void) {
    this.#notifyAnother = notifyAnother;
  }

  get isIdle(): boolean {
    return this.#line.isEmpty;
  }

  /** `lock` is asked for each time: one that is free may be forgotten. Answers with the lock had again: `notified`, or when the wait is given up. */
  wait(asker: Asker, id: number, lock: () => Lock): void {
    const goOn = (notified: boolean) => {
      // Of one that is gone before it has the lock somebody else is told.
      lock().reacquire(asker, id, { notified }, () => notified && this.#notifyAnother());
    };
    this.#line.add(asker, id, {
      waitedFor: () => '',
      serve: () => goOn(true),
      endWait: () => goOn(false),
    });
    lock().release(asker);
  }

  notify(count: number): void {
    for (let left = Math.min(count, this.#line.length); left > 0; left--) this.#line.serveNext();
  }
}

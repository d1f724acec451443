import type { DroppedEvents, RuntimeEvent } from './events.ts';

type Told = RuntimeEvent | DroppedEvents;

/** One reader of events: keeps what it has not read yet, up to `limit`, and of more the latest. */
export class EventReader implements AsyncIterator<Told, undefined> {
  readonly #limit: number;
  readonly #onReturn: () => void;
  /** A ring, as long as it was ever needed. */
  readonly #events: (RuntimeEvent | undefined)[] = [];
  #first = 0;
  #size = 0;
  #dropped = 0;
  #hasEnded = false;
  readonly #waiting: ((result: IteratorResult<Told, undefined>) => void)[] = [];

  constructor(limit: number, onReturn: () => void) {
    this.#limit = limit;
    this.#onReturn = onReturn;
  }

  push(event: RuntimeEvent): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting({ done: false, value: event });
    else if (this.#size < this.#limit) this.#append(event);
    else {
      this.#shift();
      this.#dropped++;
      this.#append(event);
    }
  }

  /** What has been told is still read. */
  end(): void {
    this.#hasEnded = true;
    for (const resolve of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Told, undefined>> {
    if (this.#dropped > 0) {
      const count = this.#dropped;
      this.#dropped = 0;
      return Promise.resolve({ done: false, value: { type: 'dropped', at: Date.now(), count } });
    }
    if (this.#size > 0) return Promise.resolve({ done: false, value: this.#shift() });
    if (this.#hasEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<Told, undefined>> {
    this.#onReturn();
    this.#size = 0;
    this.#dropped = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #append(event: RuntimeEvent): void {
    this.#events[(this.#first + this.#size) % this.#limit] = event;
    this.#size++;
  }

  #shift(): RuntimeEvent {
    const event = this.#events[this.#first] as RuntimeEvent;
    // What was read is not kept any longer than its reader keeps it.
    this.#events[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#limit;
    this.#size--;
    return event;
  }
}

import { type EncodedValue, encodeBorrowed, encodeValue } from './codec.ts';
import { Fifo } from './fifo.ts';
import { mostUnread, mostUnreadBytes, sizeOf } from './message-window.ts';

/** What has to wait until the other side has read more. */
interface Held {
  readonly body: EncodedValue;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The messages of a spawned function to its program, or the other way, on the sending side. No more are under way than
 * the other side may be behind with; what is beyond is held here, so that whoever doesn't wait fills no memory but its own.
 */
export class OutgoingMessages {
  readonly #transmit: (body: EncodedValue) => void;
  /** The sizes of those that are under way. */
  readonly #unread = new Fifo<number>();
  #unreadBytes = 0;
  readonly #held = new Fifo<Held>();
  /** With what those are refused that would have to be held. */
  #impatience: { readonly reason: unknown } | undefined;
  /** With what all are refused. */
  #end: { readonly reason: unknown } | undefined;

  /** `transmit` is given one at a time, which it sends at once. */
  constructor(transmit: (body: EncodedValue) => void) {
    this.#transmit = transmit;
  }

  /**
   * Resolves when it is under way, which is when the other side isn't further behind than it may be. That it is refused is
   * for whoever waits for it, and no unhandled rejection: the end of the function is told elsewhere.
   * @throws UnserializableError
   */
  send(value: unknown): Promise<void> {
    if (this.#end) return refused(this.#end.reason);
    const goes = this.#held.size === 0 && this.#hasRoom;
    const body = goes ? encodeBorrowed(value, 'message') : encodeValue(value, 'message');
    if (goes) {
      this.#put(body);
      return sent;
    }
    if (this.#impatience) return refused(this.#impatience.reason);
    const promise = new Promise<void>((resolve, reject) => this.#held.push({ body, resolve, reject }));
    promise.catch(() => {});
    return promise;
  }

  /** Whether some have not been sent yet. */
  get areHeld(): boolean {
    return this.#held.size > 0;
  }

  /** The other side has read so many more. */
  read(count: number): void {
    for (let left = count; left > 0 && this.#unread.size > 0; left--) {
      this.#unreadBytes -= this.#unread.shift() as number;
    }
    while (this.#hasRoom && this.areHeld) this.#release();
  }

  /** Sends what is held, however far behind the other side is: nothing comes after it. */
  sendRest(): void {
    while (this.areHeld) this.#release();
  }

  /** From now on nothing is held: what is and would be is refused with this. */
  refuseToWait(reason: unknown): void {
    this.#impatience ??= { reason };
    this.#refuseHeld(reason);
  }

  /** From now on all are refused with this. */
  end(reason: unknown): void {
    this.#end ??= { reason };
    this.#refuseHeld(reason);
  }

  get #hasRoom(): boolean {
    return this.#unread.size < mostUnread && this.#unreadBytes < mostUnreadBytes;
  }

  #put(body: EncodedValue): void {
    const size = sizeOf(body);
    this.#unread.push(size);
    this.#unreadBytes += size;
    this.#transmit(body);
  }

  #release(): void {
    const { body, resolve } = this.#held.shift() as Held;
    this.#put(body);
    resolve();
  }

  #refuseHeld(reason: unknown): void {
    while (this.areHeld) this.#held.shift()?.reject(reason);
  }
}

const sent = Promise.resolve();

function refused(reason: unknown): Promise<void> {
  const promise = Promise.reject(reason);
  promise.catch(() => {});
  return promise;
}

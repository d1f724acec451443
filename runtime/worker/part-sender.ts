import type { Channel } from '../channel/channel.ts';
import { type EncodedValue, encodeBorrowed } from '../channel/codec.ts';
import type { FromWorker, ToWorker } from '../channel/messages.ts';
import { firstWindow, mostAheadBytes, sizeOfPart } from '../channel/part-limits.ts';
import { UnserializableError } from '../channel/structured.ts';
import { PartBatch } from './part-batch.ts';

type PartMessage = Extract<FromWorker, { type: 'part' }>;
type TakenMessage = Extract<ToWorker, { type: 'taken' }>;

/** Sends the parts of one run, and has the function wait when it is too far ahead of their reader. */
export class PartSender {
  readonly #channel: Channel<FromWorker, ToWorker>;
  readonly #batch: PartBatch;
  /** What is sent with each part. It is written into the next batch at once: one object does for all. */
  readonly #message: { -readonly [Key in keyof PartMessage]: PartMessage[Key] };
  #window = firstWindow;
  /** Of the parts that the reader has not taken, as far as is known here, in their order. */
  readonly #sizes: number[] = [];
  #size = 0;
  #sent = 0;
  #taken = 0;
  #goOn: (() => void) | undefined;

  constructor(run: number, channel: Channel<FromWorker, ToWorker>) {
    this.#channel = channel;
    this.#batch = new PartBatch(channel);
    this.#message = { type: 'part', run, hasWaited: false };
  }

  /**
   * Sends a part, and gives a promise when the function may only go on later.
   * @throws UnserializableError
   */
  send(part: unknown): Promise<void> | undefined {
    const body = this.#encode(part);
    const size = sizeOfPart(body);
    this.#channel.add(this.#message, body);
    this.#message.hasWaited = false;
    this.#sent++;
    this.#sizes.push(size);
    this.#size += size;
    if (!this.#isAhead) {
      this.#batch.added(size);
      return undefined;
    }
    this.#batch.flush();
    this.#message.hasWaited = true;
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  /** Whether the function waits for its reader. */
  get isWaiting(): boolean {
    return this.#goOn !== undefined;
  }

  /** The reader has taken so many in all, and the function may be so far ahead of that. */
  taken({ taken, window }: TakenMessage): void {
    for (; this.#taken < taken; this.#taken++) this.#size -= this.#sizes.shift() ?? 0;
    this.#window = window;
    if (!this.#isAhead) this.release();
  }

  /** The function may go on, if it waits. */
  release(): void {
    if (!this.#goOn) return;
    this.#batch.goesOn();
    this.#goOn();
    this.#goOn = undefined;
  }

  /** Sends what has not been sent. */
  flush(): void {
    this.#batch.flush();
  }

  get #isAhead(): boolean {
    return this.#sizes.length >= this.#window || this.#size >= mostAheadBytes;
  }

  #encode(part: unknown): EncodedValue {
    try {
      return encodeBorrowed(part, rootName);
    } catch (error) {
      if (!(error instanceof UnserializableError)) throw error;
      const path = `${rootName}[${this.#sent}]${error.path.slice(rootName.length)}`;
      throw new UnserializableError(path, error.message);
    }
  }
}

const rootName = 'part';

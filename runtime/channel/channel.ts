import type { EncodedBytes, EncodedValue } from './codec.ts';
import { FrameBatch, type FramePlace } from './frame-batch.ts';
import { FrameError } from './frame-format.ts';
import { FrameReader } from './frame-reader.ts';
import type { Message } from './heads.ts';
import { inMidst } from './midst.ts';
import type { Transport } from './transport.ts';

/**
 * One side of the connection between a runtime and a worker. What is posted in one turn goes out in one write:
 * measured, that is worth a factor of seven in throughput.
 */
export class Channel<Out extends Message, In> {
  readonly #transport: Transport;
  readonly #batch: FrameBatch;
  #isScheduled = false;
  #source: { add(): void } | undefined;
  #given: readonly ArrayBuffer[] | undefined;

  constructor(
    transport: Transport,
    handlers: {
      onMessage: (message: In, body: EncodedValue | undefined) => void;
      /** Whether the other side may send this; when it isn't trusted. */
      accepts?: (message: In) => boolean;
      /** The other side is gone, or what it sent makes no sense (then with the error). Called once. */
      onClose: (error: Error | undefined) => void;
    },
  ) {
    this.#transport = transport;
    this.#batch = new FrameBatch(transport.outgoingMemory);
    const reader = new FrameReader<In>(transport.incomingMemory, handlers.accepts);
    let failure: Error | undefined;
    transport.listen({
      onChunk: (chunk) => {
        try {
          inMidst(() => reader.push(chunk, handlers.onMessage));
        } catch (error) {
          // What a handler throws is a fault of this program and says nothing of the connection.
          if (!(error instanceof FrameError)) throw error;
          failure = error;
          transport.close();
        }
      },
      onClose: () => handlers.onClose(failure),
    });
  }

  /** Whatever is sent from now on goes after what this adds before it. */
  precededBy(source: { add(): void } | undefined): void {
    this.#source = source;
  }

  /** Sends a message at the end of this turn. */
  post(message: Out, body?: EncodedValue): void {
    this.#source?.add();
    this.#batch.add(message, body);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Sends a message at the end of this turn with a body that is not needed here any more: see Transport.write. */
  give(message: Out, body: EncodedBytes): void {
    this.#given = [...(this.#given ?? []), ...((body.buffers ?? []) as ArrayBuffer[])];
    this.post(message, body);
  }

  /** Sends a message now: the turn may be a function's that computes for minutes. */
  tell(message: Out, body?: EncodedValue): void {
    this.#source?.add();
    this.#batch.add(message, body);
    this.flush();
  }

  /** Adds a message to what is sent next; `flush` has to follow. Returns where it lies, unless it is a large one. */
  add(message: Out, body?: EncodedValue): FramePlace | undefined {
    this.#batch.add(message, body);
    return this.#batch.last;
  }

  /** Whether what lies there was added last, and has not been handed to the transport. */
  isLast(place: FramePlace): boolean {
    return this.#batch.isLast(place);
  }

  /** Whether everything was handed to the transport. */
  get isFlushed(): boolean {
    return this.#batch.isEmpty;
  }

  /** Hands over what was posted; the other side gets it at once unless it is behind with its reading. */
  flush(): void {
    this.#isScheduled = false;
    this.#source?.add();
    if (this.#batch.isEmpty) return;
    const given = this.#given;
    this.#given = undefined;
    this.#transport.write(this.#batch.take(), given);
  }

  /** Passes on some of what has arrived, in the middle of a turn. */
  readSome(): void {
    this.#transport.readSome();
  }

  /** Passes on all that was sent before now. */
  readAll(): void {
    this.#transport.readAll();
  }

  /** Resolves when all that was posted can't be lost with this side any more, or can't be sent. */
  flushed(): Promise<void> {
    this.flush();
    return this.#transport.written();
  }

  close(): void {
    this.#transport.close();
  }

  /** Lets the program end while this connection is open. */
  unref(): void {
    this.#transport.unref();
  }

  /** Does not any more. */
  ref(): void {
    this.#transport.ref();
  }
}

import type { Socket } from 'node:net';
import type { EncodedValue } from './codec.ts';
import { FrameBatch, FrameError, FrameReader } from './frames.ts';
import type { Envelope } from './messages.ts';

/**
 * One side of the connection between a runtime and a worker. What is posted in one turn goes out in one write:
 * measured, that is worth a factor of seven in throughput.
 */
export class Channel<Out extends object, In> {
  readonly #socket: Socket;
  readonly #batch = new FrameBatch();
  #scheduled = false;

  constructor(
    socket: Socket,
    handlers: {
      onMessage: (envelope: Envelope<In>) => void;
      /** The other side is gone, or what it sent makes no sense (then with the error). Called once. */
      onClose: (error: Error | undefined) => void;
    },
  ) {
    this.#socket = socket;
    const reader = new FrameReader<In>();
    let failure: Error | undefined;
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk, handlers.onMessage);
      } catch (error) {
        // What a handler throws is a fault of this program and says nothing of the connection.
        if (!(error instanceof FrameError)) throw error;
        failure = error;
        socket.destroy();
      }
    });
    // Without a listener EPIPE and ECONNRESET would be thrown; 'close' follows them.
    socket.on('error', () => {});
    // The other side's half of the socket has ended: nothing more will come, so there is nothing to wait for.
    socket.on('end', () => socket.destroy());
    socket.on('close', () => handlers.onClose(failure));
  }

  post(message: Out, body?: EncodedValue): void {
    this.#batch.add(message, body);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
  }

  /** Resolves when all that was posted has been handed to the operating system, or can't be. */
  flushed(): Promise<void> {
    this.#flush();
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.write('', () => resolve());
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Lets the program end while this connection is open. */
  unref(): void {
    this.#socket.unref();
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#batch.isEmpty) return;
    const chunks = this.#batch.take();
    if (this.#socket.destroyed) return;
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }
}

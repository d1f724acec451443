import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Transport } from './transport.ts';

/** The connection with a worker thread: all chunks of one write are one message. */
export class PortTransport implements Transport {
  readonly #port: MessagePort;
  readonly #givesAll: boolean;
  #onChunk: (chunk: Buffer) => void = () => {};

  /** With `givesAll` nothing that is written is needed on this side any more. */
  constructor(port: MessagePort, { givesAll = false } = {}) {
    this.#port = port;
    this.#givesAll = givesAll;
  }

  listen({ onChunk, onClose }: Parameters<Transport['listen']>[0]): void {
    this.#onChunk = onChunk;
    this.#port.on('message', (chunks: readonly Uint8Array[]) => this.#receive(chunks));
    // One that can't be read, for want of memory: what follows it would make no sense.
    this.#port.on('messageerror', () => this.#port.close());
    this.#port.on('close', onClose);
  }

  write(chunks: readonly Uint8Array[], given: readonly ArrayBuffer[] = []): void {
    const moved = [...given];
    const parts = chunks.map((chunk) => {
      if (!isWhole(chunk)) return copyToMove(chunk, moved);
      if (this.#givesAll) moved.push(chunk.buffer as ArrayBuffer);
      return chunk;
    });
    this.#port.postMessage(parts, moved);
  }

  async written(): Promise<void> {}

  readArrived(): void {
    for (
      let received = receiveMessageOnPort(this.#port);
      received;
      received = receiveMessageOnPort(this.#port)
    ) {
      this.#receive(received.message as readonly Uint8Array[]);
    }
  }

  close(): void {
    this.#port.close();
  }

  unref(): void {
    this.#port.unref();
  }

  #receive(chunks: readonly Uint8Array[]): void {
    for (const { buffer, byteOffset, length } of chunks) {
      this.#onChunk(Buffer.from(buffer, byteOffset, length));
    }
  }
}

/** Whether it is all of its buffer; of a part, V8 would send the whole buffer. */
function isWhole({ byteLength, buffer }: Uint8Array): boolean {
  return byteLength === buffer.byteLength;
}

/** Frames lie in a buffer that goes on being used: a copy of them can be moved to the other side. */
function copyToMove(chunk: Uint8Array, moved: ArrayBuffer[]): Uint8Array {
  const copy = new Uint8Array(chunk);
  moved.push(copy.buffer);
  return copy;
}

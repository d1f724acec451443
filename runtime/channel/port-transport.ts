import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Transport } from './transport.ts';

/** With so many bytes unread whoever writes waits: some dozens of large results, and thousands of lines. */
const mostUnread = 4 * 2 ** 20;

/** A program that is blocked for longer reads later: a function should not stand still as long. */
const longestWaitMs = 10_000;

/** Whoever sends without end is not to be read without end. */
const mostReads = 20;

export interface PortOptions {
  /** Nothing that is written is needed on this side any more. */
  readonly givesAll?: boolean;
  /** Where this side counts the bytes it has read: 32 bits, shared with the other side. */
  readonly countsIn?: Int32Array;
  /** Where the other side counts them: as long as much is unread, `write` blocks this thread. */
  readonly heeds?: Int32Array;
}

/** The connection with a worker thread: all chunks of one write are one message. */
export class PortTransport implements Transport {
  readonly #port: MessagePort;
  readonly #givesAll: boolean;
  readonly #countsIn: Int32Array | undefined;
  readonly #heeds: Int32Array | undefined;
  /** Modulo 2^32, as what it is compared with. */
  #written = 0;
  #onChunk: (chunk: Buffer) => void = () => {};

  constructor(port: MessagePort, { givesAll = false, countsIn, heeds }: PortOptions = {}) {
    this.#port = port;
    this.#givesAll = givesAll;
    this.#countsIn = countsIn;
    this.#heeds = heeds;
  }

  listen({ onChunk, onClose }: Parameters<Transport['listen']>[0]): void {
    this.#onChunk = onChunk;
    this.#port.on('message', (chunks: readonly Uint8Array[]) => this.#receive(chunks));
    // One that can't be read, for want of memory: what follows it would make no sense.
    this.#port.on('messageerror', () => this.#port.close());
    this.#port.on('close', onClose);
  }

  write(chunks: readonly Uint8Array[], given: readonly ArrayBuffer[] = []): void {
    if (this.#heeds) this.#waitForReader(this.#heeds, chunks);
    const moved = [...given];
    const parts = chunks.map((chunk) => {
      if (!isWhole(chunk)) return copyToMove(chunk, moved);
      if (this.#givesAll) moved.push(chunk.buffer as ArrayBuffer);
      return chunk;
    });
    this.#port.postMessage(parts, moved);
  }

  async written(): Promise<void> {}

  readSome(): void {
    this.#readUpTo(mostReads);
  }

  /** Nobody can tell what was sent before now: as much as Node reads of a port in one turn. */
  readAll(): void {
    this.#readUpTo(1_000);
  }

  /** Of a thread that has ended: all that will ever come. */
  readRest(): void {
    this.#readUpTo(Number.POSITIVE_INFINITY);
  }

  #readUpTo(most: number): void {
    for (let reads = 0; reads < most; reads++) {
      const received = receiveMessageOnPort(this.#port);
      if (!received) return;
      this.#receive(received.message as readonly Uint8Array[]);
    }
  }

  close(): void {
    this.#port.close();
  }

  unref(): void {
    this.#port.unref();
  }

  ref(): void {
    this.#port.ref();
  }

  // As a full socket holds up a process that tells more than is read: or the queue would fill the memory.
  #waitForReader(heeded: Int32Array, chunks: readonly Uint8Array[]): void {
    for (;;) {
      const read = Atomics.load(heeded, 0);
      if ((this.#written - read) >>> 0 <= mostUnread) break;
      if (Atomics.wait(heeded, 0, read, longestWaitMs) === 'timed-out') break;
    }
    this.#written = (this.#written + bytesIn(chunks)) | 0;
  }

  #receive(chunks: readonly Uint8Array[]): void {
    if (this.#countsIn) {
      Atomics.add(this.#countsIn, 0, bytesIn(chunks));
      Atomics.notify(this.#countsIn, 0);
    }
    for (const { buffer, byteOffset, length } of chunks) {
      this.#onChunk(Buffer.from(buffer, byteOffset, length));
    }
  }
}

function bytesIn(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
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

import fs from 'node:fs';
import type { Socket } from 'node:net';
import { fdOf } from './stream-handle.ts';
import type { IncomingMemory, OutgoingMemory, Transport } from './transport.ts';

/** As much as Node reads from a socket at once. */
const readBytes = 64 * 1024;

/** More than what a socket holds that has been sent and not read: on Linux 208 KB. */
const socketBytes = 4 * readBytes;

/** The connection with a worker process: two sockets, see start.ts. */
export class SocketTransport implements Transport {
  readonly outgoingMemory: OutgoingMemory | undefined;
  readonly incomingMemory: IncomingMemory | undefined;
  readonly #incoming: Socket;
  readonly #outgoing: Socket;
  #onChunk: (chunk: Buffer) => void = () => {};
  /** Memory that nothing has been read into. */
  #room = Buffer.alloc(0);

  /** What there is no memory for goes over the sockets. */
  constructor(
    sockets: { readonly incoming: Socket; readonly outgoing: Socket },
    memory: Pick<Transport, 'outgoingMemory' | 'incomingMemory'> = {},
  ) {
    this.#incoming = sockets.incoming;
    this.#outgoing = sockets.outgoing;
    this.outgoingMemory = memory.outgoingMemory;
    this.incomingMemory = memory.incomingMemory;
  }

  listen({ onChunk, onClose }: Parameters<Transport['listen']>[0]): void {
    this.#onChunk = onChunk;
    this.#incoming.on('data', onChunk);
    // Without a listener EPIPE and ECONNRESET would be thrown; 'close' follows them.
    for (const socket of [this.#incoming, this.#outgoing]) socket.on('error', () => {});
    // The other side's half of the socket has ended: nothing more will come, so there is nothing to wait for.
    this.#incoming.on('end', () => this.close());
    let isClosed = false;
    for (const socket of [this.#incoming, this.#outgoing]) {
      socket.on('close', () => {
        if (!isClosed) onClose();
        isClosed = true;
      });
    }
    // Nothing comes this way, but its end has to be noticed.
    this.#outgoing.resume();
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#outgoing.destroyed) return;
    if (chunks.length === 1) {
      this.#outgoing.write(chunks[0] as Uint8Array);
      return;
    }
    this.#outgoing.cork();
    for (const chunk of chunks) this.#outgoing.write(chunk);
    this.#outgoing.uncork();
  }

  readSome(): void {
    this.#readUpTo(readBytes);
  }

  readAll(): void {
    this.#readUpTo(socketBytes);
  }

  // No more: whoever sends without end is not to be read without end.
  #readUpTo(most: number): void {
    for (let left = most; left > 0; ) {
      if (this.#room.length === 0) this.#room = Buffer.allocUnsafeSlow(readBytes);
      const read = this.#readNow(this.#room);
      if (read === 0) return;
      const chunk = this.#room.subarray(0, read);
      this.#room = this.#room.subarray(read);
      this.#onChunk(chunk);
      if (this.#room.length > 0) return; // that was all
      left -= read;
    }
  }

  /** Returns how many bytes it has read. The end, or an error, is Node's to tell: it finds the same. */
  #readNow(room: Buffer): number {
    const fd = fdOf(this.#incoming);
    if (fd === undefined) return 0;
    try {
      return fs.readSync(fd, room);
    } catch {
      return 0; // mostly EAGAIN: nothing has arrived
    }
  }

  written(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#outgoing.destroyed) resolve();
      else this.#outgoing.write('', () => resolve());
    });
  }

  close(): void {
    this.#incoming.destroy();
    this.#outgoing.destroy();
  }

  unref(): void {
    this.#incoming.unref();
    this.#outgoing.unref();
  }

  ref(): void {
    this.#incoming.ref();
    this.#outgoing.ref();
  }
}

import type { Socket } from 'node:net';
import type { SharedMemory } from './shared-memory.ts';
import type { Transport } from './transport.ts';

/** The connection with a worker process. */
export class SocketTransport implements Transport {
  readonly memory: SharedMemory | undefined;
  readonly #socket: Socket;

  /** Without a memory everything goes over the socket. */
  constructor(socket: Socket, memory?: SharedMemory | undefined) {
    this.#socket = socket;
    this.memory = memory;
  }

  listen({ onChunk, onClose }: Parameters<Transport['listen']>[0]): void {
    this.#socket.on('data', onChunk);
    // Without a listener EPIPE and ECONNRESET would be thrown; 'close' follows them.
    this.#socket.on('error', () => {});
    // The other side's half of the socket has ended: nothing more will come, so there is nothing to wait for.
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', onClose);
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.#socket.destroyed) return;
    if (chunks.length === 1) {
      this.#socket.write(chunks[0] as Uint8Array);
      return;
    }
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  get isBackedUp(): boolean {
    return this.#socket.writableLength > 0 && !this.#socket.destroyed;
  }

  written(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.write('', () => resolve());
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  unref(): void {
    this.#socket.unref();
  }
}

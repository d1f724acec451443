import type { SharedMemory } from './shared-memory.ts';

/**
 * What carries the bytes of a channel: a socket to another process, or a port to another thread. Chunks arrive in the
 * order they were written; where one ends means nothing.
 */
export interface Transport {
  /** Where large buffers can be put for the other side, and taken from it, in place of the stream. */
  readonly memory?: SharedMemory | undefined;
  /**
   * Says who is told. `onClose` is called once: the other side is gone, or this one was closed. Chunks that were on their
   * way may come after it.
   */
  listen(handlers: { onChunk: (chunk: Buffer) => void; onClose: () => void }): void;
  /**
   * Hands over chunks that won't be written to any more. After the close it does nothing. The buffers of `given` are
   * not needed on this side any more: where that saves a copy, they are detached.
   */
  write(chunks: readonly Uint8Array[], given?: readonly ArrayBuffer[]): void;
  /** Whether something waits on this side that would be lost with it. */
  readonly isBackedUp: boolean;
  /** Resolves when all that was written can't be lost with this side any more, or has been lost. */
  written(): Promise<void>;
  close(): void;
  /** Lets the program end while this is open. */
  unref(): void;
}

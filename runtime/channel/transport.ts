/** Shared memory in which large buffers are put for the other side; undefined when there is no room for these bytes. */
export interface OutgoingMemory {
  put(bytes: Uint8Array): number | undefined;
}

/** Shared memory in which the other side has put large buffers. */
export interface IncomingMemory {
  /** @throws RangeError when there is no such place */
  take(position: number, length: number): ArrayBuffer;
}

/**
 * What carries the bytes of a channel: a socket to another process, or a port to another thread. Chunks arrive in the
 * order they were written; where one ends means nothing.
 */
export interface Transport {
  /** In place of the stream, for large buffers. */
  readonly outgoingMemory?: OutgoingMemory | undefined;
  readonly incomingMemory?: IncomingMemory | undefined;
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
  /** Passes on some of what has arrived, at once: in the middle of a turn nothing else would. */
  readSome(): void;
  /** Passes on all that was sent before now, at once. */
  readAll(): void;
  /** Resolves when all that was written can't be lost with this side any more, or has been lost. */
  written(): Promise<void>;
  close(): void;
  /** Lets the program end while this is open. */
  unref(): void;
  /** Does not any more. */
  ref(): void;
}

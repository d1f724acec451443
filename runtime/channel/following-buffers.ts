/**
 * The buffers that follow a frame on the stream, put together from the chunks they come in. A chunk that is just one of
 * them, as a port delivers it, is taken as it is.
 */
export class FollowingBuffers {
  readonly buffers: ArrayBuffer[] = [];
  readonly #lengths: readonly number[];
  /** What has come of the next one. */
  #next: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;

  constructor(lengths: readonly number[]) {
    this.#lengths = lengths;
  }

  get areComplete(): boolean {
    return this.buffers.length === this.#lengths.length;
  }

  /** Takes what belongs to them from the start of these bytes; returns how many that were. */
  take(bytes: Buffer): number {
    let taken = 0;
    while (!this.areComplete) {
      const length = this.#lengths[this.buffers.length] as number;
      if (!this.#next && taken === 0 && isAll(bytes, length)) {
        this.buffers.push(bytes.buffer);
        return length;
      }
      // None of it has come yet: it may come as a chunk of its own.
      if (length > 0 && taken === bytes.length) break;
      this.#next ??= new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
      const count = Math.min(length - this.#filled, bytes.length - taken);
      this.#next.set(bytes.subarray(taken, taken + count), this.#filled);
      taken += count;
      this.#filled += count;
      if (this.#filled < length) break;
      this.buffers.push(this.#next.buffer);
      this.#next = undefined;
      this.#filled = 0;
    }
    return taken;
  }
}

/** Whether these bytes are a buffer of this length, and all of it. */
function isAll(bytes: Buffer, length: number): bytes is Buffer<ArrayBuffer> {
  return length > 0 && bytes.length === length && bytes.buffer.byteLength === length;
}

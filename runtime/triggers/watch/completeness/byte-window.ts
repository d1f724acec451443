import type { FileHandle } from 'node:fs/promises';

/** Random access to the bytes of a file, one window of it in memory at a time. */
export class ByteWindow {
  readonly size: number;
  readonly #handle: FileHandle;
  #bytes: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #start = 0;
  #span = FIRST_WINDOW;

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /** Makes the bytes from `position` on readable with `at`. False when the file doesn't have that many. */
  async load(position: number, length: number): Promise<boolean> {
    if (position >= this.#start && position + length <= this.end) return true;
    if (position + length > this.size) return false;
    // Reading on where the window ended is a scan, which larger reads make cheaper; a jump starts small again.
    const isScan = this.#bytes.length > 0 && position <= this.end && position >= this.end - length;
    this.#span = isScan ? Math.min(this.#span * 2, LARGEST_WINDOW) : FIRST_WINDOW;
    this.#bytes = await this.read(position, this.#span);
    this.#start = position;
    return position + length <= this.end;
  }

  /** Where the window ends in the file. */
  get end(): number {
    return this.#start + this.#bytes.length;
  }

  /** A byte within the window. */
  at(position: number): number {
    return this.#bytes[position - this.#start] as number;
  }

  /** The position of the next `value` in the window, from `position` on, or -1. */
  indexOf(value: number, position: number): number {
    const index = this.#bytes.indexOf(value, position - this.#start);
    return index === -1 ? -1 : index + this.#start;
  }

  /** Reads beside the window: fewer bytes than `length` where the file ends. */
  async read(position: number, length: number): Promise<Buffer> {
    const wanted = Math.min(length, this.size - position);
    const { buffer, bytesRead } = await this.#handle.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
    return buffer.subarray(0, bytesRead);
  }
}

// Holds the whole header of most photos, embedded thumbnail included: one read (20 µs) instead of one a segment.
const FIRST_WINDOW = 64 * 1024;

// A scan of 1 MB takes 0.2 to 0.4 ms of the loop: longer ones would be felt elsewhere.
const LARGEST_WINDOW = 1024 * 1024;

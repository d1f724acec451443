/**
 * Large buffers of results on their way to the runtime, in a file in memory that the worker and the runtime both hold
 * open: the worker writes them there and the runtime copies them out as soon as it reads of them (see frame-format.ts).
 *
 * The file is a ring, behind a note of the runtime that says how far it has read: a position (a count of all bytes so
 * far) as two equal f64, so that half a note is known as such. A buffer never lies across the end of the ring, and goes
 * to its beginning when all before it has been read, so that no more memory is used than is needed. What there is no
 * room for goes over the socket.
 */
import { MemoryFile } from './memory-file.ts';
import { isSwitchedOff } from './switches.ts';
import { isOpenFile, openUnnamedFile } from './unnamed-file.ts';

/** It takes as much memory as was once in it, for as long as the worker lives. */
export const areaBytes = 32 * 2 ** 20;

const noteBytes = 16;
const fileBytes = noteBytes + areaBytes;

/** The worker's side. */
export class ResultWriter {
  readonly #file: MemoryFile;
  readonly #note = Buffer.alloc(noteBytes);
  #end = 0;
  /** Nothing before this is needed any more. */
  #start = 0;

  constructor(fd: number) {
    this.#file = new MemoryFile(fd, { bytes: fileBytes, filled: noteBytes });
  }

  /** The one that this process was started with; undefined when it was started without. */
  static inherited(fd: number): ResultWriter | undefined {
    return isOpenFile(fd) ? new ResultWriter(fd) : undefined;
  }

  /** Copies these bytes into the area and returns their position; undefined when there is no room for them. */
  put(bytes: Uint8Array): number | undefined {
    const { length } = bytes;
    const position = this.#positionFor(length);
    if (position === undefined) return undefined;
    if (!this.#file.write(bytes, 0, length, noteBytes + (position % areaBytes))) return undefined;
    this.#end = position + length;
    return position;
  }

  #positionFor(length: number): number | undefined {
    if (length > areaBytes) return undefined;
    this.#look();
    const used = this.#end % areaBytes;
    const isEmpty = this.#start === this.#end;
    const skipped = used > 0 && (isEmpty || used + length > areaBytes) ? areaBytes - used : 0;
    const position = this.#end + skipped;
    if (isEmpty) this.#start = position;
    return position + length - this.#start <= areaBytes ? position : undefined;
  }

  /** Looks how far the other side has read. */
  #look(): void {
    this.#file.read(this.#note, noteBytes, 0);
    const read = this.#note.readDoubleLE(0);
    // Half of it is being written: it is looked at again for the next one.
    if (read === this.#note.readDoubleLE(8) && read <= this.#end && read > this.#start) this.#start = read;
  }
}

/** The runtime's side. */
export class ResultReader {
  /** To be handed to the worker. */
  readonly fd: number;
  readonly #file: MemoryFile;
  readonly #note = Buffer.alloc(noteBytes);

  private constructor(fd: number) {
    this.fd = fd;
    this.#file = new MemoryFile(fd, { bytes: fileBytes, filled: noteBytes });
  }

  /** Makes one for a worker that is about to start; undefined where memory can't be had as a file. */
  static create(): ResultReader | undefined {
    if (isSwitchedOff('sharedMemory')) return undefined;
    const fd = openUnnamedFile(Buffer.alloc(noteBytes), { inMemory: true, length: fileBytes });
    return fd === undefined ? undefined : new ResultReader(fd);
  }

  /**
   * Copies so many bytes out of the area.
   * @throws RangeError when they are not inside of it
   */
  take(position: number, length: number): ArrayBuffer {
    const start = position % areaBytes;
    if (!Number.isSafeInteger(position) || position < 0 || start + length > areaBytes) {
      throw new RangeError(`expected ${length} bytes inside of the area, at ${position}`);
    }
    const bytes = Buffer.allocUnsafeSlow(length);
    if (this.#file.read(bytes, length, noteBytes + start) < length) {
      throw new RangeError('expected more bytes in the area');
    }
    this.#note.writeDoubleLE(position + length, 0);
    this.#note.writeDoubleLE(position + length, 8);
    this.#file.write(this.#note, 0, noteBytes, 0);
    return bytes.buffer as ArrayBuffer;
  }

  close(): void {
    this.#file.close();
  }
}

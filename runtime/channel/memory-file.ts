import fs from 'node:fs';
import { type Access, isWorthMapping, type Mapping, mapFile } from './mapping.ts';

/** What a read or a write by a system call costs, beside what it copies, and what a mapping saves of each MB; in µs. */
const callCostUs = 1;
const megabyteCostUs = 80;

/** Memory is had in pages. */
const pageBytes = 4096;

/** What is mapped at the least: making it larger costs more than that. */
const leastMappedBytes = 2 ** 20;

/**
 * A file that two processes hold open, as one side sees it: mapped into memory once that pays, else through system
 * calls. The kernel has one copy of it, so that the other side need not do the same.
 */
export class MemoryFile {
  readonly fd: number;
  readonly #bytes: number;
  readonly #access: Access;
  #mapping: Mapping | undefined;
  /** Up to here there is memory behind the file: a mapped page for which there is none ends the process (SIGBUS). */
  #filled: number;

  /** `bytes` is how long it can get, `filled` how much of that has been written by now. */
  constructor(fd: number, { bytes, filled = 0, access = 'write' as Access }: MemoryFileOptions) {
    this.fd = fd;
    this.#bytes = bytes;
    this.#filled = filled;
    this.#access = access;
  }

  /** Writes `length` of these bytes, from `start`; returns false when there is no memory for them. */
  write(bytes: Uint8Array, start: number, length: number, offset: number): boolean {
    const end = offset + length;
    if (end <= this.#filled) {
      const mapped = this.#mapped(end, length);
      if (mapped) {
        copy(bytes, start, mapped, offset, length);
        return true;
      }
    }
    try {
      for (let written = 0; written < length; ) {
        written += fs.writeSync(this.fd, bytes, start + written, length - written, offset + written);
      }
    } catch {
      return false; // the folder in memory is full
    }
    if (offset <= this.#filled) this.#filled = Math.max(this.#filled, pagesOf(end));
    return true;
  }

  /** Reads `length` bytes that were written there; returns how many there were. */
  read(bytes: Uint8Array, length: number, offset: number): number {
    const mapped = this.#mapped(offset + length, length);
    if (mapped) {
      copy(mapped, offset, bytes, 0, length);
      return length;
    }
    let read = 0;
    for (let count = -1; read < length && count !== 0; read += count) {
      count = fs.readSync(this.fd, bytes, read, length - read, offset + read);
    }
    return read;
  }

  /** The file in memory, as far as it is mapped by now. */
  get memory(): Buffer | undefined {
    return this.#mapping?.bytes;
  }

  close(): void {
    this.#mapping?.unmap();
    this.#mapping = undefined;
    fs.closeSync(this.fd);
  }

  /** The file in memory, up to `end` at least. */
  #mapped(end: number, length: number): Buffer | undefined {
    const bytes = this.#mapping?.bytes;
    if (bytes && end <= bytes.length) return bytes;
    if (!isWorthMapping(callCostUs + (length / 2 ** 20) * megabyteCostUs)) return undefined;
    const wanted = Math.max(leastMappedBytes, 2 * end);
    const mapping = mapFile(this.fd, pagesOf(Math.min(wanted, this.#bytes)), this.#access);
    if (!mapping) return undefined;
    this.#mapping?.unmap();
    this.#mapping = mapping;
    return mapping.bytes;
  }
}

export interface MemoryFileOptions {
  readonly bytes: number;
  readonly filled?: number;
  readonly access?: Access;
}

function pagesOf(bytes: number): number {
  return Math.ceil(bytes / pageBytes) * pageBytes;
}

/** Up to here a loop is faster than a view of the part that is copied. */
const fewBytes = 128;

function copy(from: Uint8Array, start: number, to: Uint8Array, offset: number, length: number): void {
  if (length <= fewBytes) {
    for (let index = 0; index < length; index++) to[offset + index] = from[start + index] as number;
    return;
  }
  to.set(start === 0 && length === from.length ? from : from.subarray(start, start + length), offset);
}

/**
 * Where large buffers of arguments wait for the workers: a file in memory that belongs to this process, and that its
 * worker processes can read. A buffer is copied into it when the call is made, which has to be done in any case, as the
 * caller may change it then; the worker copies it out, and nothing passes a socket. What there is no room for goes that
 * way. A block is free again when the call has ended and no worker may read it any more (see Lease).
 */
import fs from 'node:fs';
import { MemoryFile } from './memory-file.ts';
import { isSwitchedOff } from './switches.ts';
import { isOpenFile, openUnnamedFile } from './unnamed-file.ts';

/** It takes as much memory as was once in it, until the last worker process has ended; a container may have 64 MB. */
export const arenaBytes = 64 * 2 ** 20;

/** Blocks begin at multiples of this: the pages of the system. */
const unit = 4096;

/** Where bytes lie in an arena. */
export class Block {
  readonly position: number;
  readonly byteLength: number;

  constructor(position: number, byteLength: number) {
    this.position = position;
    this.byteLength = byteLength;
  }
}

interface Gap {
  readonly start: number;
  readonly end: number;
}

export class Arena {
  /** To be handed to workers: it can only be read. */
  readonly readFd: number;
  readonly #file: MemoryFile;
  /** What is free, in order; never two beside each other. */
  readonly #gaps: Gap[] = [{ start: 0, end: arenaBytes }];
  #users = 0;

  private constructor(fd: number, readFd: number) {
    this.readFd = readFd;
    this.#file = new MemoryFile(fd, { bytes: arenaBytes });
  }

  /** The one of this process, when a worker of it uses one. */
  static current: Arena | undefined;

  /** The same, to be used by one more worker until its `release`; undefined where memory can't be had as a file. */
  static use(): Arena | undefined {
    if (isSwitchedOff('sharedMemory')) return undefined;
    Arena.current ??= Arena.#create();
    return Arena.current?.hold();
  }

  static #create(): Arena | undefined {
    const fd = openUnnamedFile(Buffer.alloc(1), { inMemory: true, length: arenaBytes });
    if (fd === undefined) return undefined;
    try {
      return new Arena(fd, fs.openSync(`/proc/self/fd/${fd}`, 'r'));
    } catch {
      fs.closeSync(fd);
      return undefined; // without /proc everybody could write
    }
  }

  /** How many bytes have no call in them. */
  get freeBytes(): number {
    return this.#gaps.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  hold(): this {
    this.#users++;
    return this;
  }

  /** Whoever used it doesn't any more; after the last one it is gone. */
  release(): void {
    if (--this.#users > 0) return;
    if (Arena.current === this) Arena.current = undefined;
    this.#file.close();
    fs.closeSync(this.readFd);
  }

  /** Copies these bytes into it; undefined when there is no room for them. */
  put(bytes: Uint8Array): Block | undefined {
    const needed = roomOf(bytes.byteLength);
    // The first that is large enough: what was in use a moment ago is in the processor's cache, and takes no new memory.
    const index = this.#gaps.findIndex(({ start, end }) => end - start >= needed);
    const gap = this.#gaps[index];
    if (!gap || !this.#file.write(bytes, 0, bytes.byteLength, gap.start)) return undefined;
    const rest = { start: gap.start + needed, end: gap.end };
    this.#gaps.splice(index, 1, ...(rest.start < rest.end ? [rest] : []));
    return new Block(gap.start, bytes.byteLength);
  }

  free({ position: start, byteLength }: Block): void {
    const end = start + roomOf(byteLength);
    const found = this.#gaps.findIndex((gap) => gap.start >= end);
    const index = found === -1 ? this.#gaps.length : found;
    const before = this.#gaps[index - 1];
    const after = this.#gaps[index];
    const [joinsBefore, joinsAfter] = [before?.end === start, after?.start === end];
    this.#gaps.splice(joinsBefore ? index - 1 : index, Number(joinsBefore) + Number(joinsAfter), {
      start: before && joinsBefore ? before.start : start,
      end: after && joinsAfter ? after.end : end,
    });
  }

  /** A copy of what lies there. */
  read({ position, byteLength }: Block): ArrayBuffer {
    return readFrom(this.#file, position, byteLength);
  }
}

/** What one call has in an arena: it stays there until everybody has let go of it who may need it. */
export class Lease {
  readonly #arena: Arena;
  readonly #blocks: Block[] = [];
  #holders = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  /** Copies these bytes into the arena; undefined when there is no room for them. */
  put(bytes: Uint8Array): Block | undefined {
    const block = this.#arena.put(bytes);
    if (block) this.#blocks.push(block);
    return block;
  }

  /** A copy of what lies there. */
  read(block: Block): ArrayBuffer {
    return this.#arena.read(block);
  }

  hold(): this {
    if (this.#holders++ === 0) this.#arena.hold();
    return this;
  }

  /** After the last one the room is free. */
  release(): undefined {
    if (--this.#holders > 0) return;
    for (const block of this.#blocks.splice(0)) this.#arena.free(block);
    this.#arena.release();
  }
}

/** The arena of the runtime, as a worker sees it. */
export class ArenaReader {
  readonly #file: MemoryFile;

  private constructor(fd: number) {
    this.#file = new MemoryFile(fd, { bytes: arenaBytes, access: 'read' });
  }

  /** The one that this process was started with; undefined when it was started without. */
  static inherited(fd: number): ArenaReader | undefined {
    return isOpenFile(fd) ? new ArenaReader(fd) : undefined;
  }

  /**
   * Copies what lies there out of it.
   * @throws RangeError when that is outside of it
   */
  take(position: number, length: number): ArrayBuffer {
    if (!Number.isSafeInteger(position) || position < 0 || position + length > arenaBytes) {
      throw new RangeError(`expected ${length} bytes inside of the arena, at ${position}`);
    }
    return readFrom(this.#file, position, length);
  }
}

function readFrom(file: MemoryFile, position: number, length: number): ArrayBuffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  if (file.read(bytes, length, position) < length) throw new RangeError('expected more bytes in the memory');
  return bytes.buffer as ArrayBuffer;
}

function roomOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / unit)) * unit;
}

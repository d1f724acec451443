/**
 * Frames on a byte stream. A frame is
 *
 *     u32  length of what follows, little endian
 *     u8   kind of the head (see heads.ts)
 *     u8   codec of the body: 0 none, 1 json (UTF-8), 2 v8, 3 v8 with buffers
 *     u32  length of the head
 *     head
 *     body, the rest
 *
 * With buffers the body begins with a table of them (see buffer-table.ts). Their bytes are in shared memory, or follow
 * the frame, so that nobody has to copy them to put frames together or apart.
 */
import { Block } from './arena.ts';
import {
  type BufferEntry,
  type BufferTable,
  follows,
  readTable,
  tableRoom,
  writeTable,
} from './buffer-table.ts';
import type { EncodedValue } from './codec.ts';
import { FollowingBuffers } from './following-buffers.ts';
import { HeadReader, HeadWriter, headKinds, type Message } from './heads.ts';
import { maxFrameBytes } from './limits.ts';
import type { Part } from './structured.ts';
import type { IncomingMemory, OutgoingMemory } from './transport.ts';

const lengthBytes = 4;
const prefixBytes = lengthBytes + 1 + 1 + 4;
const codecs = { none: 0, json: 1, v8: 2, v8WithBuffers: 3 } as const;
const codecCount = Object.keys(codecs).length;
const kindCount = Object.keys(headKinds).length;

/** The bytes on the stream are no frames of this protocol; nothing that follows can be trusted. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Bodies of this size and up are handed to the socket as they are; smaller ones are copied into one batch. */
const ownWriteBytes = 32 * 1024;

/** Frames are collected in buffers of this size: some hundred small ones, for one allocation. */
const bufferBytes = 64 * 1024;

/** Where a frame lies. As long as it is the last one there is room for `roomBehind` bytes behind it. */
export interface FramePlace {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** For the number that a journal puts there. */
const roomBehind = 4;

/** Collects the frames of one turn, as few buffers as that takes without copying large bodies. */
export class FrameBatch {
  readonly #heads = new HeadWriter();
  readonly #memory: OutgoingMemory | undefined;
  #buffer = Buffer.alloc(0);
  /** What lies before this has been taken. */
  #start = 0;
  #end = 0;
  #chunks: Uint8Array[] = [];
  #lastStart = 0;

  /** Buffers go into this memory as long as it has room. */
  constructor(memory?: OutgoingMemory | undefined) {
    this.#memory = memory;
  }

  get isEmpty(): boolean {
    return this.#end === this.#start && this.#chunks.length === 0;
  }

  /** The frame that was added last; undefined when its body is so large that it lies by itself. */
  get last(): FramePlace | undefined {
    return this.#lastStart < this.#start
      ? undefined
      : { buffer: this.#buffer, start: this.#lastStart, end: this.#end };
  }

  /** Whether this is the place of the frame that was added last, and it has not been taken. */
  isLast({ buffer, start, end }: FramePlace): boolean {
    return buffer === this.#buffer && end === this.#end && start >= this.#start;
  }

  add(message: Message, body: EncodedValue | undefined): void {
    const kind = this.#heads.kindOf(message);
    const own = body && ownWrite(body);
    const bodyRoom = own || !body ? 0 : typeof body === 'string' ? 3 * body.length : body.bytes.length;
    const buffers = typeof body === 'object' ? body.buffers : undefined;
    const entries = buffers?.map((part) => this.#place(part));
    const room = this.#heads.room(kind, message) + (entries ? tableRoom(entries.length) : 0) + bodyRoom;
    this.#reserve(prefixBytes + room + roomBehind);
    const start = this.#end;
    const buffer = this.#buffer;
    const headStart = start + prefixBytes;
    const headEnd = this.#heads.write(kind, message, buffer, headStart);
    let end = headEnd;
    if (entries) end = writeTable(entries, buffer, end);
    if (body && !own) {
      if (typeof body === 'string') end += buffer.write(body, end, 'utf8');
      else {
        buffer.set(body.bytes, end);
        end += body.bytes.length;
      }
    }
    buffer.writeUInt32LE(end - start - lengthBytes + (own?.length ?? 0), start);
    buffer[start + 4] = kind;
    buffer[start + 5] = codecOf(body);
    buffer.writeUInt32LE(headEnd - headStart, start + 6);
    this.#lastStart = start;
    this.#end = end;
    if (own) {
      this.#seal();
      this.#chunks.push(own);
    }
    if (!buffers) return;
    // Also without chunks of its own: a journal, which holds only what lies in frames, must not take this one.
    this.#seal();
    for (const [index, part] of buffers.entries()) {
      if (entries?.[index]?.position === follows) this.#chunks.push(ownBytes(part as ArrayBuffer));
    }
  }

  #place(part: Part): BufferEntry {
    const { byteLength: length } = part;
    if (part instanceof Block) return { length, position: part.position };
    const bytes = part instanceof ArrayBuffer ? new Uint8Array(part) : part;
    return { length, position: this.#memory?.put(bytes) ?? follows };
  }

  /** Takes the frames out, in the order they were added. */
  take(): Uint8Array[] {
    this.#seal();
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  #reserve(bytes: number): void {
    if (this.#buffer.length - this.#end >= bytes) return;
    this.#seal();
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(bufferBytes, bytes));
    this.#start = 0;
    this.#end = 0;
  }

  #seal(): void {
    if (this.#end > this.#start) this.#chunks.push(this.#buffer.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}

function codecOf(body: EncodedValue | undefined): number {
  if (body === undefined) return codecs.none;
  if (typeof body === 'string') return codecs.json;
  return body.buffers ? codecs.v8WithBuffers : codecs[body.codec];
}

/** The bytes of a body that is not worth copying. */
function ownWrite(body: EncodedValue): Uint8Array | undefined {
  if (typeof body !== 'string') return body.bytes.length >= ownWriteBytes ? body.bytes : undefined;
  return body.length >= ownWriteBytes ? Buffer.from(body, 'utf8') : undefined;
}

/** What is borrowed is copied: it may be written only later. */
function ownBytes(part: ArrayBuffer | Uint8Array): Uint8Array {
  return new Uint8Array(part);
}

interface Incomplete<In> {
  readonly message: In;
  readonly bytes: Uint8Array;
  /** Those that were in shared memory, in their places. */
  readonly buffers: readonly (ArrayBuffer | undefined)[];
  readonly following: FollowingBuffers;
}

/** Cuts a stream of chunks back into messages. */
export class FrameReader<In> {
  readonly #heads = new HeadReader();
  readonly #memory: IncomingMemory | undefined;
  #chunks: Buffer[] = [];
  #size = 0;
  #needed = prefixBytes;
  /** A message whose buffers have not all come. */
  #incomplete: Incomplete<In> | undefined;

  /** `memory` is where the other side puts large buffers. */
  constructor(memory?: IncomingMemory | undefined) {
    this.#memory = memory;
  }

  /**
   * Takes the next chunk and calls back for each message that is whole with it.
   * @throws FrameError when the bytes are no frames
   */
  push(chunk: Buffer, onMessage: (message: In, body: EncodedValue | undefined) => void): void {
    if (this.#incomplete) {
      this.#follow(chunk, onMessage);
      return;
    }
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // A large frame comes in many chunks: they are put together once, when the last of them is here.
    if (this.#size < this.#needed) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#size);
    let offset = 0;
    this.#needed = prefixBytes;
    try {
      while (bytes.length - offset >= prefixBytes) {
        const end = offset + lengthBytes + frameLength(bytes, offset);
        if (end > bytes.length) {
          this.#needed = end - offset;
          break;
        }
        const start = offset;
        const headEnd = start + prefixBytes + bytes.readUInt32LE(start + 6);
        const message = this.#head(bytes, start, headEnd);
        offset = end;
        const codec = bytes[start + 5] as number;
        if (codec === codecs.v8WithBuffers) {
          const incomplete = this.#withBuffers(message, bytes, headEnd, end);
          if (!incomplete.following.areComplete) {
            this.#incomplete = incomplete;
            break;
          }
          onMessage(message, bodyOf(incomplete));
          continue;
        }
        onMessage(message, readBody(bytes, codec, headEnd, end));
      }
    } finally {
      // Also when the callback throws: what was read is read.
      const rest = bytes.subarray(offset);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#size = rest.length;
    }
    if (this.#incomplete) this.#follow(this.#takeRest(), onMessage);
  }

  /** Takes the buffers of the message that waits for them, and then goes on with what comes after. */
  #follow(chunk: Buffer, onMessage: (message: In, body: EncodedValue | undefined) => void): void {
    const incomplete = this.#incomplete as Incomplete<In>;
    const taken = takeFrom(chunk, incomplete.following);
    if (!incomplete.following.areComplete) return;
    this.#incomplete = undefined;
    try {
      onMessage(incomplete.message, bodyOf(incomplete));
    } finally {
      if (taken < chunk.length) this.push(chunk.subarray(taken), onMessage);
    }
  }

  #takeRest(): Buffer {
    const [rest = nothing] = this.#chunks;
    this.#chunks = [];
    this.#size = 0;
    return rest;
  }

  #withBuffers(message: In, bytes: Buffer, start: number, end: number): Incomplete<In> {
    const table = tableOf(bytes, start, end);
    const isInMemory = ({ position }: BufferEntry) => position !== follows;
    const buffers = table.entries.map((entry) => (isInMemory(entry) ? this.#take(entry) : undefined));
    const lengths = table.entries.flatMap((entry) => (isInMemory(entry) ? [] : entry.length));
    const rest = bytes.subarray(table.end, end);
    return { message, bytes: rest, buffers, following: new FollowingBuffers(lengths) };
  }

  #take({ position, length }: BufferEntry): ArrayBuffer {
    try {
      return (this.#memory as IncomingMemory).take(position, length);
    } catch (cause) {
      throw new FrameError('expected buffers in the shared memory', { cause });
    }
  }

  #head(bytes: Buffer, start: number, end: number): In {
    try {
      return this.#heads.read(bytes[start + 4] as number, bytes, start + prefixBytes, end) as In;
    } catch (cause) {
      throw new FrameError('expected the head of a frame to be one of its kind', { cause });
    }
  }
}

const nothing = Buffer.alloc(0);

function bodyOf({ bytes, buffers, following }: Incomplete<unknown>): EncodedValue {
  const others = following.buffers.values();
  return { codec: 'v8', bytes, buffers: buffers.map((each) => each ?? (others.next().value as ArrayBuffer)) };
}

/** The table of the buffers that follow, checked. */
function tableOf(bytes: Buffer, start: number, end: number): BufferTable {
  const table = readTable(bytes, start, end);
  if (!table) throw new FrameError('expected a table of buffers inside of its frame');
  if (table.total <= maxFrameBytes) return table;
  throw new FrameError(`expected buffers of at most ${maxFrameBytes} bytes, got ${table.total}`);
}

function takeFrom(chunk: Buffer, following: FollowingBuffers): number {
  try {
    return following.take(chunk);
  } catch (cause) {
    throw new FrameError('expected buffers that there is memory for', { cause });
  }
}

function readBody(bytes: Buffer, codec: number, start: number, end: number): EncodedValue | undefined {
  if (codec === codecs.none) return undefined;
  if (codec === codecs.json && end - start <= longestText) return bytes.toString('utf8', start, end);
  return { codec: codec === codecs.json ? 'json' : 'v8', bytes: bytes.subarray(start, end) };
}

/** JSON of more bytes than this is made a string only when its value is wanted. */
const longestText = 64 * 1024;

/** The length that the prefix of a frame tells, checked. */
function frameLength(bytes: Buffer, offset: number): number {
  const length = bytes.readUInt32LE(offset);
  if (length < prefixBytes - lengthBytes || length > maxFrameBytes) {
    throw new FrameError(`expected a frame of at most ${maxFrameBytes} bytes, got a length of ${length}`);
  }
  // The rest of the prefix is looked at before the length is believed: what is no frame must not be waited for.
  const kind = bytes[offset + 4] as number;
  if (kind >= kindCount) throw new FrameError(`expected a kind of head that exists, got ${kind}`);
  const codec = bytes[offset + 5] as number;
  if (codec >= codecCount) throw new FrameError(`expected a codec that exists, got ${codec}`);
  const headBytes = bytes.readUInt32LE(offset + 6);
  if (prefixBytes - lengthBytes + headBytes > length) {
    throw new FrameError('expected the head of a frame inside of it');
  }
  return length;
}

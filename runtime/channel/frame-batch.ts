import { Block } from './arena.ts';
import { type BufferEntry, follows, tableRoom, writeTable } from './buffer-table.ts';
import type { EncodedValue } from './codec.ts';
import { codecs, lengthBytes, prefixBytes } from './frame-format.ts';
import { HeadWriter, type Message } from './heads.ts';
import type { Part } from './structured.ts';
import type { OutgoingMemory } from './transport.ts';

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

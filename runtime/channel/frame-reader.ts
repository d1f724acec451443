import { type BufferEntry, type BufferTable, follows, readTable } from './buffer-table.ts';
import type { EncodedValue } from './codec.ts';
import { FollowingBuffers } from './following-buffers.ts';
import { codecs, FrameError, frameLength, lengthBytes, prefixBytes } from './frame-format.ts';
import { HeadReader } from './heads.ts';
import { maxFrameBytes } from './limits.ts';
import type { IncomingMemory } from './transport.ts';

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
  readonly #accepts: (message: In) => boolean;
  #chunks: Buffer[] = [];
  #size = 0;
  #needed = prefixBytes;
  /** A message whose buffers have not all come. */
  #incomplete: Incomplete<In> | undefined;

  /** `memory` is where the other side puts large buffers. A message that `accepts` says no to is no frame of this stream. */
  constructor(memory?: IncomingMemory | undefined, accepts: (message: In) => boolean = () => true) {
    this.#memory = memory;
    this.#accepts = accepts;
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
      const message = this.#heads.read(bytes[start + 4] as number, bytes, start + prefixBytes, end) as In;
      if (this.#accepts(message)) return message;
      throw new Error('expected a message that can come this way');
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

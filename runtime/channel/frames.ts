/**
 * Frames on a byte stream. A frame is
 *
 *     u32  length of what follows, little endian
 *     u8   codec of the body: 0 none, 1 json, 2 v8
 *     u32  length of the head
 *     head, UTF-8 JSON of the message
 *     body, the rest
 */
import type { EncodedValue } from './codec.ts';
import { maxFrameBytes } from './limits.ts';
import type { Envelope } from './messages.ts';

const prefixBytes = 9;
const lengthBytes = 4;
const codecs = [undefined, 'json', 'v8'] as const;

/** The bytes on the stream are no frames of this protocol; nothing that follows can be trusted. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Bodies of this size and up are handed to the socket as they are; smaller ones are copied into one batch. */
const ownWriteBytes = 32 * 1024;

/** Collects the frames of one turn, as few buffers as that takes without copying large bodies. */
export class FrameBatch {
  #frames: { head: string; headBytes: number; body: EncodedValue | undefined }[] = [];

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  add(message: object, body: EncodedValue | undefined): void {
    const head = JSON.stringify(message);
    const headBytes = Buffer.byteLength(head);
    this.#frames.push({ head, headBytes, body });
  }

  /** Takes the frames out, in the order they were added. */
  take(): Uint8Array[] {
    const frames = this.#frames;
    this.#frames = [];
    const chunks: Uint8Array[] = [];
    for (let first = 0; first < frames.length; ) {
      // A run of frames goes into one buffer; it ends with the head of the first large body.
      let [end, size, large] = [first, 0, undefined as Uint8Array | undefined];
      while (end < frames.length && large === undefined) {
        const { headBytes, body } = frames[end++] as (typeof frames)[number];
        size += prefixBytes + headBytes;
        if (body && body.bytes.length >= ownWriteBytes) large = body.bytes;
        else size += body?.bytes.length ?? 0;
      }
      const chunk = Buffer.allocUnsafe(size);
      for (let offset = 0; first < end; first++) {
        const { head, headBytes, body } = frames[first] as (typeof frames)[number];
        const bodyBytes = body?.bytes.length ?? 0;
        offset = chunk.writeUInt32LE(prefixBytes - lengthBytes + headBytes + bodyBytes, offset);
        offset = chunk.writeUInt8(body ? codecs.indexOf(body.codec) : 0, offset);
        offset = chunk.writeUInt32LE(headBytes, offset);
        offset += chunk.write(head, offset, 'utf8');
        if (body && body.bytes !== large) {
          chunk.set(body.bytes, offset);
          offset += bodyBytes;
        }
      }
      chunks.push(chunk);
      if (large) chunks.push(large);
    }
    return chunks;
  }
}

/** Cuts a stream of chunks back into messages. */
export class FrameReader<Message> {
  #chunks: Buffer[] = [];
  #size = 0;
  #needed = prefixBytes;

  /**
   * Takes the next chunk and calls back for each message that is whole with it.
   * @throws FrameError when the bytes are no frames
   */
  push(chunk: Buffer, onMessage: (envelope: Envelope<Message>) => void): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // A large frame comes in many chunks: they are put together once, when the last of them is here.
    if (this.#size < this.#needed) return;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#size);
    let offset = 0;
    this.#needed = prefixBytes;
    try {
      while (bytes.length - offset >= prefixBytes) {
        const end = offset + lengthBytes + this.#frameLength(bytes, offset);
        if (end > bytes.length) {
          this.#needed = end - offset;
          break;
        }
        const envelope = this.#parse(bytes, offset, end);
        offset = end;
        onMessage(envelope);
      }
    } finally {
      // Also when the callback throws: what was read is read.
      const rest = bytes.subarray(offset);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#size = rest.length;
    }
  }

  #frameLength(bytes: Buffer, offset: number): number {
    const length = bytes.readUInt32LE(offset);
    if (length < prefixBytes - lengthBytes || length > maxFrameBytes) {
      throw new FrameError(`expected a frame of at most ${maxFrameBytes} bytes, got a length of ${length}`);
    }
    // The rest of the prefix is looked at before the length is believed: what is no frame must not be waited for.
    const codec = bytes[offset + lengthBytes] as number;
    if (codec >= codecs.length) throw new FrameError(`expected a codec that exists, got ${codec}`);
    const headBytes = bytes.readUInt32LE(offset + lengthBytes + 1);
    if (prefixBytes - lengthBytes + headBytes > length) {
      throw new FrameError('expected the head of a frame inside of it');
    }
    return length;
  }

  #parse(bytes: Buffer, offset: number, end: number): Envelope<Message> {
    const codecIndex = bytes[offset + lengthBytes] as number;
    const headEnd = offset + prefixBytes + bytes.readUInt32LE(offset + lengthBytes + 1);
    const codec = codecs[codecIndex];
    let message: Message;
    try {
      message = JSON.parse(bytes.toString('utf8', offset + prefixBytes, headEnd)) as Message;
    } catch {
      throw new FrameError('expected the head of a frame to be JSON');
    }
    return { message, body: codec && { codec, bytes: bytes.subarray(headEnd, end) } };
  }
}

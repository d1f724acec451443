import { isExactInJson } from './json-exact.ts';
import { maxBodyBytes } from './limits.ts';
import {
  checkLength,
  deserialize,
  type Part,
  type SerializeOptions,
  serialize,
  UnserializableError,
} from './structured.ts';

/**
 * A value on the wire. JSON is chosen for what it carries without loss, because it is the fastest there is in Node;
 * `v8`, V8's structured clone format (see structured.ts), for everything else. JSON is a string, which is encoded once,
 * into the buffer that is written; what came in and is large stays bytes until somebody wants it.
 */
export type EncodedValue = string | EncodedBytes;

export interface EncodedBytes {
  readonly codec: 'json' | 'v8';
  readonly bytes: Uint8Array;
  /** Large parts of the value, which travel beside the bytes. */
  readonly buffers?: readonly Part[] | undefined;
  /** The caller gave them away, to be moved where that can be. */
  readonly isTransfer?: boolean | undefined;
  /** They have been moved to another thread, and are not here any more. */
  isGone?: boolean | undefined;
}

/**
 * Encodes a value for another process or thread. `rootName` begins the path in the error. The buffers of `transfer`
 * are taken over instead of copied: they are detached, unless it throws.
 * @throws UnserializableError when the value holds something that can't be sent, or is too large
 * @throws DOMException `DataCloneError` when a buffer can't be taken over
 */
export function encodeValue(
  value: unknown,
  rootName = 'value',
  transfer?: readonly ArrayBuffer[],
): EncodedValue {
  return encodeWith(value, rootName, { transfer });
}

/**
 * The same for a value that is added to a channel at once: large parts of it are not copied for that.
 * @throws UnserializableError
 */
export function encodeBorrowed(value: unknown, rootName: string): EncodedValue {
  return encodeWith(value, rootName, { borrows: true });
}

function encodeWith(value: unknown, rootName: string, options: SerializeOptions): EncodedValue {
  if (value === undefined && !options.transfer) return encodedUndefined;
  try {
    return encode(value, rootName, options);
  } catch (error) {
    if (error instanceof UnserializableError || error instanceof DOMException) throw error;
    // A getter that throws, a proxy that was revoked.
    throw new UnserializableError(
      rootName,
      `it can't be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function encode(value: unknown, rootName: string, options: SerializeOptions): EncodedValue {
  const { transfer } = options;
  const text = !transfer && isExactInJson(value) ? toJson(value) : undefined;
  if (text === undefined) {
    return { codec: 'v8', ...serialize(value, rootName, options), isTransfer: transfer !== undefined };
  }
  // UTF-8 takes at most three bytes for each unit of a string: only a long one has to be measured.
  if (text.length * 3 > maxBodyBytes) checkLength(rootName, Buffer.byteLength(text));
  return text;
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // longer than a string can be
  }
}

export function decodeValue(value: EncodedValue): unknown {
  if (typeof value === 'string') return JSON.parse(value);
  const { codec, bytes, buffers } = value;
  // What was borrowed is on its way to somebody else.
  if (codec === 'v8') return deserialize(bytes, buffers as readonly ArrayBuffer[] | undefined);
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

const encodedUndefined: EncodedValue = { codec: 'v8', ...serialize(undefined, 'value') };

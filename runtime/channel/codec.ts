import { type Arena, Block, Lease } from './arena.ts';
import { isExactInJson } from './json-exact.ts';
import { maxBodyBytes } from './limits.ts';
import { checkLength, deserialize, type Part, serialize, UnserializableError } from './structured.ts';

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
  /** Of those parts that are in an arena. Whoever has the value holds it, and releases it at the end. */
  readonly lease?: Lease | undefined;
  /** The caller gave them away, to be moved where that can be. */
  readonly isTransfer?: boolean | undefined;
  /** They have been moved to another thread, and are not here any more. */
  isGone?: boolean | undefined;
}

export interface EncodeOptions {
  /** They are taken over instead of copied: they are detached, unless it throws. */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
  /** Large views are copied to it, as long as it has room. */
  readonly arena?: Arena | undefined;
}

/**
 * Encodes a value for another process or thread. `rootName` begins the path in the error. A lease that it comes with is
 * held already.
 * @throws UnserializableError when the value holds something that can't be sent, or is too large
 * @throws DOMException `DataCloneError` when a buffer can't be taken over
 */
export function encodeValue(
  value: unknown,
  rootName = 'value',
  { transfer, arena }: EncodeOptions = {},
): EncodedValue {
  return encodeWith(value, rootName, { transfer, arena });
}

/**
 * The same for a value that is added to a channel at once: large parts of it are not copied for that.
 * @throws UnserializableError
 */
export function encodeBorrowed(value: unknown, rootName: string): EncodedValue {
  return encodeWith(value, rootName, { borrows: true });
}

interface AllOptions extends EncodeOptions {
  readonly borrows?: boolean;
}

function encodeWith(value: unknown, rootName: string, options: AllOptions): EncodedValue {
  if (value === undefined && !options.transfer) return encodedUndefined;
  try {
    return (!options.transfer && toJson(value, rootName)) || toBytes(value, rootName, options);
  } catch (error) {
    if (error instanceof UnserializableError || error instanceof DOMException) throw error;
    // A getter that throws, a proxy that was revoked.
    throw new UnserializableError(
      rootName,
      `it can't be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Undefined when JSON can't carry it. */
function toJson(value: unknown, rootName: string): string | undefined {
  if (!isExactInJson(value)) return undefined;
  // The same in a fifth of the time.
  if (typeof value === 'number') return String(value);
  let text: string;
  try {
    text = JSON.stringify(value);
  } catch {
    return undefined; // longer than a string can be
  }
  // UTF-8 takes at most three bytes for each unit of a string: only a long one has to be measured.
  if (text.length * 3 > maxBodyBytes) checkLength(rootName, Buffer.byteLength(text));
  return text;
}

function toBytes(
  value: unknown,
  rootName: string,
  { transfer, arena, borrows = false }: AllOptions,
): EncodedBytes {
  const lease = arena && new Lease(arena).hold();
  try {
    return {
      codec: 'v8',
      ...serialize(value, rootName, { transfer, keep: keeperOf(lease, borrows) }),
      isTransfer: transfer !== undefined,
      lease: lease?.isEmpty ? lease.release() : lease,
    };
  } catch (error) {
    lease?.release();
    throw error;
  }
}

function keeperOf(lease: Lease | undefined, borrows: boolean): ((shown: Uint8Array) => Part) | undefined {
  if (lease) return (shown) => lease.put(shown) ?? new Uint8Array(shown).buffer;
  return borrows ? (shown) => shown : undefined;
}

/** The same value with what can be of its large parts in this arena, and a lease of it that is held already. */
export function withArena(value: EncodedBytes, arena: Arena): EncodedBytes {
  if (value.lease || !value.buffers) return value;
  const lease = new Lease(arena).hold();
  const buffers = value.buffers.map((part) => lease.put(bytesOf(part as ArrayBuffer | Uint8Array)) ?? part);
  return { ...value, buffers, lease: lease.isEmpty ? lease.release() : lease };
}

/** The same value without an arena, for a worker that can't read it. */
export function withoutArena(value: EncodedBytes): EncodedBytes {
  const { lease, buffers } = value;
  if (!lease) return value;
  const copies = buffers?.map((part) => (part instanceof Block ? lease.read(part) : part));
  return { ...value, buffers: copies, lease: undefined };
}

/** Says that a value is not needed any more. */
export function letGo(value: EncodedValue | undefined): void {
  if (typeof value === 'object') value.lease?.release();
}

function bytesOf(part: ArrayBuffer | Uint8Array): Uint8Array {
  return part instanceof ArrayBuffer ? new Uint8Array(part) : part;
}

export function decodeValue(value: EncodedValue): unknown {
  if (typeof value === 'string') return JSON.parse(value);
  const { codec, bytes, buffers } = value;
  // What was borrowed is on its way to somebody else.
  if (codec === 'v8') return deserialize(bytes, buffers as readonly ArrayBuffer[] | undefined);
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

/** What undefined is encoded as: always this object. */
export const encodedUndefined: EncodedValue = { codec: 'v8', ...serialize(undefined, 'value') };

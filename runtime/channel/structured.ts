/**
 * Structured clone with what V8's own format leaves out: errors come with their name and own properties, and views
 * on buffers as exactly the bytes they show.
 * Format: a version byte, then what v8.Serializer writes of `{ value, errors }`, where `errors` describes each
 * error inside the value; the objects are the same on both sides, so that no part of the value has to be rewritten.
 * Beside it there may be buffers: those that the caller gave away, and copies of what large views show.
 */
import v8 from 'node:v8';
import type { Block } from './arena.ts';
import { describeErrors, type ErrorDescription, restoreErrors, withoutCauses } from './errors-inside.ts';
import { findUnserializable } from './find-unserializable.ts';
import { maxBodyBytes } from './limits.ts';

const formatVersion = 1;

/** A value that can't be sent to another process. `path` says where it is, as in `args.items[3].run`. */
export class UnserializableError extends Error {
  override readonly name = 'UnserializableError';
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** A large part of a value: bytes of its own, a view on what is the user's still, or a place in shared memory. */
export type Part = ArrayBuffer | Uint8Array | Block;

export interface Serialized {
  readonly bytes: Uint8Array;
  /** Not there when there are none. */
  readonly buffers?: readonly Part[];
}

export interface SerializeOptions {
  /** They are taken over: they are detached, unless it throws. */
  readonly transfer?: readonly ArrayBuffer[] | undefined;
  /** From how many bytes on what a view shows is copied to a buffer beside. */
  readonly besideFrom?: number | undefined;
  /** What becomes of a large view in place of the copy. */
  readonly keep?: ((shown: Uint8Array) => Part) | undefined;
}

/**
 * @throws UnserializableError
 * @throws DOMException `DataCloneError` when a buffer can't be taken over
 */
export function serialize(
  value: unknown,
  rootName: string,
  { transfer = [], besideFrom = besideBytes, keep = copyOf }: SerializeOptions = {},
): Serialized {
  const { value: sendable, errors } = describeErrors(value, canBeWritten);
  const serializer = new ViewSerializer(transfer, besideFrom, keep);
  try {
    serializer.writeHeader();
    const content = errors.length === 0 ? { value: sendable } : { value: sendable, errors };
    withoutCauses(errors, () => serializer.writeValue(content));
  } catch (error) {
    if (error instanceof RangeError) {
      throw new UnserializableError(
        rootName,
        `it can't be sent, it may be nested too deeply (${error.message})`,
      );
    }
    const { path, reason } = findUnserializable(value, rootName, canBeWritten) ?? {
      path: rootName,
      reason: error instanceof Error ? error.message : String(error),
    };
    throw new UnserializableError(path, reason);
  }
  const written = serializer.releaseBuffer();
  // Before anything is taken over.
  checkLength(rootName, written.length + 1 + lengthOf(transfer) + lengthOf(serializer.parts));
  const bytes = new Uint8Array(written.length + 1);
  bytes[0] = formatVersion;
  bytes.set(written, 1);
  const buffers = [...takeOver(transfer), ...serializer.parts];
  return buffers.length === 0 ? { bytes } : { bytes, buffers };
}

/** @throws UnserializableError when no frame can hold so many bytes */
export function checkLength(rootName: string, length: number): void {
  if (length <= maxBodyBytes) return;
  throw new UnserializableError(rootName, `it is ${length} bytes long, at most ${maxBodyBytes} can be sent`);
}

function lengthOf(buffers: readonly Part[]): number {
  let length = 0;
  for (const { byteLength } of buffers) length += byteLength;
  return length;
}

/** Moves the buffers to new ones of this side alone; nothing is copied. */
function takeOver(buffers: readonly ArrayBuffer[]): readonly ArrayBuffer[] {
  if (buffers.length === 0) return buffers;
  const lengths = buffers.map(({ byteLength }) => byteLength);
  const moved = structuredClone(buffers, { transfer: [...buffers] });
  // Node 20 copies those in silence.
  if (buffers.some(({ byteLength }, index) => byteLength > 0 && byteLength === lengths[index])) {
    const advice = 'one is of the pool that small Buffers share: make your own with new ArrayBuffer()';
    throw new DOMException(advice, 'DataCloneError');
  }
  return moved;
}

/** The value may show the buffers themselves: they must be its own. */
export function deserialize(bytes: Uint8Array, buffers: readonly ArrayBuffer[] = []): unknown {
  if (bytes[0] !== formatVersion) {
    throw new Error(`expected a value in format ${formatVersion}, got ${bytes[0] ?? 'nothing'}`);
  }
  const deserializer = new ViewDeserializer(bytes.subarray(1), buffers);
  deserializer.readHeader();
  const { value, errors } = deserializer.readValue() as { value: unknown; errors?: ErrorDescription[] };
  if (errors) restoreErrors(errors);
  return value;
}

function canBeWritten(value: unknown): boolean {
  try {
    const serializer = new ViewSerializer();
    serializer.writeHeader();
    serializer.writeValue(value);
    return true;
  } catch {
    return false;
  }
}

// The order is part of the format: a new kind of view goes to the end.
const viewClasses = [
  Buffer,
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
  DataView,
] as const;

/** Added to the kind of a view whose bytes are in a buffer beside. */
const isBeside = 0x80;

/** A view of so many bytes and more is copied to a buffer of its own: then no one has to copy it again. */
const besideBytes = 64 * 1024;

class ViewSerializer extends v8.Serializer {
  readonly #given: readonly ArrayBuffer[];
  readonly #besideFrom: number;
  readonly #keep: (shown: Uint8Array) => Part;
  /** They come after those that were given. */
  readonly parts: Part[] = [];

  // Documented, but not in the types of Node.
  declare _setTreatArrayBufferViewsAsHostObjects: (treat: boolean) => void;

  constructor(given: readonly ArrayBuffer[] = [], besideFrom = Number.POSITIVE_INFINITY, keep = copyOf) {
    super();
    this.#keep = keep;
    this.#given = given;
    this.#besideFrom = besideFrom;
    for (const [id, buffer] of given.entries()) this.transferArrayBuffer(id, buffer);
    // V8 itself would send the whole buffer behind a view: for a slice of Node's pool, 8 KB of strangers' bytes.
    this._setTreatArrayBufferViewsAsHostObjects(true);
  }

  // V8 calls these two by their names.
  _writeHostObject(object: object): void {
    if (!ArrayBuffer.isView(object)) throw new Error(`${nameOf(object)} could not be cloned.`);
    const kind = viewClasses.findIndex((viewClass) => object instanceof viewClass);
    const { buffer, byteOffset, byteLength } = object;
    const given = this.#given.indexOf(buffer as ArrayBuffer);
    if (given !== -1) {
      this.#writeBeside(kind, given, byteOffset, byteLength);
    } else if (byteLength >= this.#besideFrom) {
      const shown = new Uint8Array(buffer, byteOffset, byteLength);
      const part = this.#keep(shown);
      this.#writeBeside(kind, this.#given.length + this.parts.push(part) - 1, 0, byteLength);
    } else {
      this.writeUint32(kind);
      this.writeUint32(byteLength);
      this.writeRawBytes(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }

  #writeBeside(kind: number, index: number, byteOffset: number, byteLength: number): void {
    for (const number of [kind | isBeside, index, byteOffset, byteLength]) this.writeUint32(number);
  }

  _getDataCloneError = Error;
}

class ViewDeserializer extends v8.Deserializer {
  readonly #buffers: readonly ArrayBuffer[];

  constructor(bytes: Uint8Array, buffers: readonly ArrayBuffer[]) {
    super(bytes);
    this.#buffers = buffers;
    for (const [id, buffer] of buffers.entries()) this.transferArrayBuffer(id, buffer);
  }

  _readHostObject(): ArrayBufferView {
    const kind = this.readUint32();
    const viewClass = viewClasses[kind & ~isBeside];
    if (viewClass === undefined) throw new Error('expected a kind of view that this version knows');
    if ((kind & isBeside) !== 0) return this.#readBeside(viewClass);
    const length = this.readUint32();
    const bytes = this.readRawBytes(length);
    if (viewClass === Buffer) return Buffer.from(bytes);
    // A copy, or the view would keep the whole message in memory and show its bytes behind `.buffer`.
    const buffer = new Uint8Array(bytes).buffer;
    if (viewClass === DataView) return new DataView(buffer);
    return new (viewClass as Uint8ArrayConstructor)(buffer);
  }

  #readBeside(viewClass: (typeof viewClasses)[number]): ArrayBufferView {
    const buffer = this.#buffers[this.readUint32()];
    if (!buffer) throw new Error('expected the buffer of a view beside the value');
    const [byteOffset, byteLength] = [this.readUint32(), this.readUint32()];
    if (viewClass === Buffer) return Buffer.from(buffer, byteOffset, byteLength);
    if (viewClass === DataView) return new DataView(buffer, byteOffset, byteLength);
    const TypedArray = viewClass as Uint8ArrayConstructor;
    return new TypedArray(buffer, byteOffset, byteLength / TypedArray.BYTES_PER_ELEMENT);
  }
}

function copyOf(shown: Uint8Array): Part {
  return new Uint8Array(shown).buffer;
}

function nameOf(object: object): string {
  return `#<${object.constructor?.name ?? 'Object'}>`;
}

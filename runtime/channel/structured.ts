/**
 * Structured clone with what V8's own format leaves out: errors come with their name and own properties, and views
 * on buffers as exactly the bytes they show.
 * Format: a version byte, then what v8.Serializer writes of `{ value, errors }`, where `errors` describes each
 * error inside the value; the objects are the same on both sides, so that no part of the value has to be rewritten.
 */
import v8 from 'node:v8';
import { describeErrors, type ErrorDescription, restoreErrors, withoutCauses } from './errors-inside.ts';
import { findUnserializable } from './find-unserializable.ts';

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

/** @throws UnserializableError */
export function serialize(value: unknown, rootName: string): Uint8Array {
  const { value: sendable, errors } = describeErrors(value, canBeWritten);
  const serializer = new ViewSerializer();
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
  const bytes = new Uint8Array(written.length + 1);
  bytes[0] = formatVersion;
  bytes.set(written, 1);
  return bytes;
}

export function deserialize(bytes: Uint8Array): unknown {
  if (bytes[0] !== formatVersion) {
    throw new Error(`expected a value in format ${formatVersion}, got ${bytes[0] ?? 'nothing'}`);
  }
  const deserializer = new ViewDeserializer(bytes.subarray(1));
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

class ViewSerializer extends v8.Serializer {
  // Documented, but not in the types of Node.
  declare _setTreatArrayBufferViewsAsHostObjects: (treat: boolean) => void;

  constructor() {
    super();
    // V8 itself would send the whole buffer behind a view: for a slice of Node's pool, 8 KB of strangers' bytes.
    this._setTreatArrayBufferViewsAsHostObjects(true);
  }

  // V8 calls these two by their names.
  _writeHostObject(object: object): void {
    if (!ArrayBuffer.isView(object)) throw new Error(`${nameOf(object)} could not be cloned.`);
    const kind = viewClasses.findIndex((viewClass) => object instanceof viewClass);
    this.writeUint32(kind);
    this.writeUint32(object.byteLength);
    this.writeRawBytes(new Uint8Array(object.buffer, object.byteOffset, object.byteLength));
  }

  _getDataCloneError = Error;
}

class ViewDeserializer extends v8.Deserializer {
  _readHostObject(): ArrayBufferView {
    const viewClass = viewClasses[this.readUint32()];
    if (viewClass === undefined) throw new Error('expected a kind of view that this version knows');
    const length = this.readUint32();
    const bytes = this.readRawBytes(length);
    if (viewClass === Buffer) return Buffer.from(bytes);
    // A copy, or the view would keep the whole message in memory and show its bytes behind `.buffer`.
    const buffer = new Uint8Array(bytes).buffer;
    if (viewClass === DataView) return new DataView(buffer);
    return new (viewClass as Uint8ArrayConstructor)(buffer);
  }
}

function nameOf(object: object): string {
  return `#<${object.constructor?.name ?? 'Object'}>`;
}

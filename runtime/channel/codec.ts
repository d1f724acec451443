import { isExactInJson } from './json-exact.ts';
import { maxBodyBytes } from './limits.ts';
import { deserialize, serialize, UnserializableError } from './structured.ts';

/**
 * A value on the wire. `json` is UTF-8 JSON and is chosen for what JSON carries without loss, because it is the
 * fastest there is in Node; `v8` is V8's structured clone format (see structured.ts) for everything else.
 */
export interface EncodedValue {
  readonly codec: 'json' | 'v8';
  readonly bytes: Uint8Array;
}

/**
 * Encodes a value for another process. `rootName` begins the path in the error.
 * @throws UnserializableError when the value holds something that can't be sent, or is too large
 */
export function encodeValue(value: unknown, rootName = 'value'): EncodedValue {
  if (value === undefined) return encodedUndefined;
  try {
    return encode(value, rootName);
  } catch (error) {
    if (error instanceof UnserializableError) throw error;
    // A getter that throws, a proxy that was revoked.
    throw new UnserializableError(
      rootName,
      `it can't be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function encode(value: unknown, rootName: string): EncodedValue {
  const json = isExactInJson(value) ? toJson(value) : undefined;
  const encoded: EncodedValue =
    json === undefined
      ? { codec: 'v8', bytes: serialize(value, rootName) }
      : { codec: 'json', bytes: Buffer.from(json, 'utf8') };
  const { length } = encoded.bytes;
  if (length <= maxBodyBytes) return encoded;
  throw new UnserializableError(rootName, `it is ${length} bytes long, at most ${maxBodyBytes} can be sent`);
}

function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // longer than a string can be
  }
}

export function decodeValue({ codec, bytes }: EncodedValue): unknown {
  if (codec === 'v8') return deserialize(bytes);
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

const encodedUndefined: EncodedValue = { codec: 'v8', bytes: serialize(undefined, 'value') };

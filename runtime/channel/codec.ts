import { isExactInJson } from './json-exact.ts';
import { maxBodyBytes } from './limits.ts';
import { deserialize, serialize, UnserializableError } from './structured.ts';

/**
 * A value on the wire. `json` is UTF-8 JSON and is chosen for what JSON carries without loss, because it is the
 * fastest there is in Node; `v8` is V8's structured clone format (see structured.ts) for everything else. JSON that is
 * still to be sent is text: it is encoded once, into the buffer that is written.
 */
export type EncodedValue =
  | { readonly codec: 'json'; readonly text: string }
  | { readonly codec: 'json' | 'v8'; readonly bytes: Uint8Array };

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
  const text = isExactInJson(value) ? toJson(value) : undefined;
  const encoded: EncodedValue =
    text === undefined ? { codec: 'v8', bytes: serialize(value, rootName) } : { codec: 'json', text };
  const length = lengthOf(encoded);
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

/** UTF-8 takes at most three bytes for each unit of a string: only a long one has to be measured. */
function lengthOf(encoded: EncodedValue): number {
  if ('bytes' in encoded) return encoded.bytes.length;
  const { length } = encoded.text;
  return length * 3 <= maxBodyBytes ? length : Buffer.byteLength(encoded.text);
}

export function decodeValue(value: EncodedValue): unknown {
  if ('text' in value) return JSON.parse(value.text);
  const { codec, bytes } = value;
  if (codec === 'v8') return deserialize(bytes);
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

const encodedUndefined: EncodedValue = { codec: 'v8', bytes: serialize(undefined, 'value') };

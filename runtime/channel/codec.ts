import { isExactInJson } from './json-exact.ts';
import { deserialize, serialize } from './structured.ts';

/**
 * A value on the wire. `json` is UTF-8 JSON and is chosen for what JSON carries without loss, because it is the
 * fastest there is in Node; `v8` is V8's structured clone format (see structured.ts) for everything else.
 */
export interface EncodedValue {
  readonly codec: 'json' | 'v8';
  readonly bytes: Uint8Array;
}

/**
 * Encodes a value for another process.
 * @throws UnserializableError when the value holds something that can't be sent, with the path to it
 */
export function encodeValue(value: unknown, rootName = 'value'): EncodedValue {
  if (value === undefined) return encodedUndefined;
  if (isExactInJson(value)) return { codec: 'json', bytes: Buffer.from(JSON.stringify(value), 'utf8') };
  return { codec: 'v8', bytes: serialize(value, rootName) };
}

export function decodeValue({ codec, bytes }: EncodedValue): unknown {
  if (codec === 'v8') return deserialize(bytes);
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}

const encodedUndefined: EncodedValue = { codec: 'v8', bytes: serialize(undefined, 'value') };

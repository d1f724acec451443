import { inspect } from 'node:util';
import { decodeValue, type EncodedValue, encodeValue } from '../channel/codec.ts';

/** For what was thrown, which must arrive in some form: as text, when it can't be sent as it is. */
export function encodeLossy(value: unknown): EncodedValue {
  try {
    return encodeValue(value);
  } catch (error) {
    return encodeValue(shown(value) ?? error);
  }
}

/** A field that can't be sent must not cost the others, nor the line. */
export function encodeFields(fields: object): EncodedValue {
  try {
    return encodeValue(fields);
  } catch {
    const sendable = Object.entries(fields).map(([key, value]) => [key, decodeValue(encodeLossy(value))]);
    return encodeValue(Object.fromEntries(sendable));
  }
}

function shown(value: unknown): string | undefined {
  try {
    return inspect(value, { depth: 2 });
  } catch {
    return undefined; // what it throws when it is looked at says as much
  }
}

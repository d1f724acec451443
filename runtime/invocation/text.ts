import { inspect } from 'node:util';

/** Any value as text. `String` itself fails on what has no usable `toString`. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return inspect(value, { depth: 1, customInspect: false });
  }
}

/**
 * A value as JSON, or undefined when that would lose something. What everybody expects of JSON in JavaScript is no
 * loss: a property that is undefined is left out, and a Date becomes its ISO 8601 text.
 */
export function toJson(value: unknown, indent: number): string | undefined {
  try {
    return JSON.stringify(value, refuseLoss, indent);
  } catch {
    // What refuseLoss refused, or a ring.
    return undefined;
  }
}

function refuseLoss(this: unknown, key: string, value: unknown): unknown {
  // `value` is what `toJSON` made of it: the holder has the original.
  const original = (this as Record<string, unknown>)[key];
  if (!isKept(original, Array.isArray(this))) throw new TypeError(`JSON has no form for ${String(original)}`);
  return value;
}

function isKept(value: unknown, isElement: boolean): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'undefined':
      // In an array it would become null.
      return !isElement;
    case 'object':
      return value === null || Array.isArray(value) || isPlain(value) || isValidDate(value);
    default:
      return false;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isValidDate(value: object): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

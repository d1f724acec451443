/** Where the value is that can't be sent, and why. */
export interface Unserializable {
  readonly path: string;
  readonly reason: string;
}

/**
 * Finds the value inside `root` that can't be sent. Only called after sending has failed, so it may take its time:
 * it tries each part of what failed and goes down into the first part that fails as well.
 */
export function findUnserializable(
  root: unknown,
  rootName: string,
  canBeSent: (value: unknown) => boolean,
): Unserializable | undefined {
  let [current, path] = [root, rootName];
  const visited = new Set<unknown>();
  while (!visited.has(current)) {
    visited.add(current);
    let culprit: [unknown, string] | undefined;
    for (const part of partsOf(current, path)) {
      if (!visited.has(part[0]) && !canBeSent(part[0])) {
        culprit = part;
        break;
      }
    }
    if (!culprit) break;
    [current, path] = culprit;
  }
  return canBeSent(current)
    ? undefined
    : { path, reason: `${describe(current)} can't be sent to another process` };
}

function* partsOf(value: unknown, path: string): Generator<[unknown, string]> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof Map) {
    for (const [key, entry] of value) {
      yield [key, `${path} (a key of the Map)`];
      yield [entry, `${path}.get(${describe(key)})`];
    }
  } else if (value instanceof Set) {
    for (const element of value) yield [element, `${path} (an element of the Set)`];
  }
  for (const key of Object.keys(value)) {
    yield [(value as Record<string, unknown>)[key], `${path}${step(value, key)}`];
  }
}

function step(parent: object, key: string): string {
  if (Array.isArray(parent)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function describe(value: unknown): string {
  switch (typeof value) {
    case 'function':
      return value.name === '' ? 'a function' : `the function ${value.name}`;
    case 'symbol':
      return value.toString();
    case 'string':
      return JSON.stringify(value);
    case 'object':
      return value === null ? 'null' : `a ${value.constructor?.name || 'object'}`;
    default:
      return String(value);
  }
}

import { inspect, types } from 'node:util';

/** What the structured clone format does not tell of an error; `error` is the error itself. */
export interface ErrorDescription {
  readonly error: Error;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly own: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  readonly hasCause: boolean;
  /** The errors of an AggregateError. */
  readonly errors?: readonly unknown[] | undefined;
}

/**
 * Finds each error inside a value and describes it. The value comes back as it was, but for an error that is none
 * to V8 (a DOMException, such as an AbortSignal's reason): where one is the value itself, a cause or one of the
 * errors of an AggregateError, a plain Error stands in for it.
 */
export function describeErrors(root: unknown): { value: unknown; errors: ErrorDescription[] } {
  const walk = new Walk();
  return { value: walk.visit(root), errors: walk.errors };
}

/** Gives each error back what its description says. */
export function restoreErrors(descriptions: readonly ErrorDescription[]): void {
  for (const { error, name, message, stack, own, hasCause, cause, errors } of descriptions) {
    if (error.name !== name) define(error, 'name', name);
    define(error, 'message', message);
    define(error, 'stack', stack);
    if (hasCause) define(error, 'cause', cause);
    if (errors) define(error, 'errors', errors);
    Object.assign(error, own);
  }
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

class Walk {
  readonly errors: ErrorDescription[] = [];
  readonly #visited = new Map<object, unknown>();

  /** Returns the value, or what stands in for it. */
  visit(root: unknown): unknown {
    const result = this.#enter(root);
    // A list instead of recursion: a value may be as deep as memory allows.
    const open: object[] = [];
    const push = (value: unknown) => {
      if (typeof value === 'object' && value !== null && !this.#visited.has(value)) open.push(value);
    };
    if (typeof root === 'object' && root !== null) for (const part of partsOf(root)) push(part);
    for (let object = open.pop(); object !== undefined; object = open.pop()) {
      if (this.#visited.has(object)) continue;
      this.#enter(object);
      for (const part of partsOf(object)) push(part);
    }
    return result;
  }

  #enter(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    const known = this.#visited.get(value);
    if (known !== undefined) return known;
    if (!(value instanceof Error) && !types.isNativeError(value)) {
      this.#visited.set(value, value);
      return value;
    }
    const error = types.isNativeError(value) ? value : new Error(String((value as Error).message));
    this.#visited.set(value, error);
    this.#visited.set(error, error);
    this.#describe(value as Error, error);
    return error;
  }

  #describe(from: Error, error: Error): void {
    const hasCause = Object.hasOwn(from, 'cause');
    this.errors.push({
      error,
      name: classNameOf(from),
      message: String(from.message),
      stack: typeof from.stack === 'string' ? from.stack : undefined,
      own: ownProperties(from),
      hasCause,
      cause: hasCause ? this.#enter(from.cause) : undefined,
      errors: from instanceof AggregateError ? from.errors.map((inner) => this.#enter(inner)) : undefined,
    });
  }
}

/** An error class that never set `name` goes by the name of its class, as a reader of the error would call it. */
function classNameOf(error: Error): string {
  const className = error.constructor?.name;
  return error.name === 'Error' && className ? className : String(error.name);
}

// These are told apart from the own properties, enumerable or not.
const described = new Set(['name', 'message', 'stack', 'cause', 'errors']);

/** What can't be sent must not cost the rest of the error: functions are left out, other such values become text. */
function ownProperties(error: Error): Record<string, unknown> {
  const own: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    if (described.has(key)) continue;
    const value: unknown = (error as unknown as Record<string, unknown>)[key];
    if (typeof value === 'function' || typeof value === 'symbol') continue;
    own[key] =
      typeof value === 'object' && value !== null && !isCloneable(value)
        ? inspect(value, { depth: 1 })
        : value;
  }
  return own;
}

function isCloneable(value: object): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function* partsOf(object: object): Generator<unknown> {
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) return;
  if (object instanceof Map) {
    for (const [key, value] of object) {
      yield key;
      yield value;
    }
  } else if (object instanceof Set) {
    yield* object;
  } else if (object instanceof Error) {
    yield object.cause;
    if (object instanceof AggregateError) yield* object.errors;
  }
  for (const key of Object.keys(object)) yield (object as Record<string, unknown>)[key];
}

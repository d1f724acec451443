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
 * Finds each error inside a value and describes it. An error that is none to V8 (a DOMException, such as an
 * AbortSignal's reason) would arrive as a plain object: where it is the value itself, a cause or one of the errors of
 * an AggregateError, a plain Error stands in for it in what is returned; elsewhere `restoreErrors` makes an error of it.
 */
export function describeErrors(
  root: unknown,
  canBeSent: (value: unknown) => boolean,
): { value: unknown; errors: ErrorDescription[] } {
  const walk = new Walk(canBeSent);
  return { value: walk.visit(root), errors: walk.errors };
}

/**
 * Runs `action` while the errors have no cause: V8 would follow it, and can neither read a circle of causes nor leave
 * out a cause that can't be sent. Their descriptions have it.
 */
export function withoutCauses<Value>(descriptions: readonly ErrorDescription[], action: () => Value): Value {
  const taken: [Error, PropertyDescriptor][] = [];
  try {
    for (const { error } of descriptions) {
      const property = Object.getOwnPropertyDescriptor(error, 'cause');
      if (!property?.configurable) continue;
      taken.push([error, property]);
      Reflect.deleteProperty(error, 'cause');
    }
    return action();
  } finally {
    for (const [error, property] of taken) Object.defineProperty(error, 'cause', property);
  }
}

/** Gives each error back what its description says. */
export function restoreErrors(descriptions: readonly ErrorDescription[]): void {
  for (const { error, name, message, stack, own, hasCause, cause, errors } of descriptions) {
    if (!types.isNativeError(error)) Object.setPrototypeOf(error, Error.prototype);
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
  readonly #canBeSent: (value: unknown) => boolean;
  readonly #visited = new Set<object>();
  /** Seen, with parts that are still to be looked at; a list, because a value may be deeper than the stack. */
  readonly #open: object[] = [];
  readonly #standIns = new Map<Error, Error>();

  constructor(canBeSent: (value: unknown) => boolean) {
    this.#canBeSent = canBeSent;
  }

  /** Returns the value, or what stands in for it. */
  visit(root: unknown): unknown {
    const result = root instanceof Error ? this.#enterReplaceable(root) : this.#enter(root);
    for (let object = this.#open.pop(); object !== undefined; object = this.#open.pop()) {
      for (const part of partsOf(object)) this.#enter(part);
    }
    return result;
  }

  #enter(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || this.#visited.has(value)) return value;
    this.#visited.add(value);
    this.#open.push(value);
    if (value instanceof Error || types.isNativeError(value)) this.#describe(value, value);
    return value;
  }

  /** For a place that can hold a stand-in: an error, or text for what can't be sent at all. */
  #enterReplaceable(value: unknown): unknown {
    if (value instanceof Error && !types.isNativeError(value)) {
      const known = this.#standIns.get(value);
      if (known) return known;
      const standIn = new Error(String((value as Error).message));
      this.#standIns.set(value, standIn);
      this.#visited.add(value).add(standIn);
      this.#open.push(value);
      this.#describe(value, standIn);
      return standIn;
    }
    if (types.isNativeError(value)) return this.#enter(value);
    return this.#isSendable(value) ? this.#enter(value) : inspect(value, { depth: 1 });
  }

  #describe(from: Error, error: Error): void {
    const hasCause = Object.hasOwn(from, 'cause');
    this.errors.push({
      error,
      name: classNameOf(from),
      message: String(from.message),
      stack: typeof from.stack === 'string' ? from.stack : undefined,
      own: this.#ownProperties(from),
      hasCause,
      cause: hasCause ? this.#enterReplaceable(from.cause) : undefined,
      errors:
        from instanceof AggregateError
          ? from.errors.map((inner) => this.#enterReplaceable(inner))
          : undefined,
    });
  }

  /** What can't be sent must not cost the rest of the error: functions are left out, other such values become text. */
  #ownProperties(error: Error): Record<string, unknown> {
    const own: Record<string, unknown> = {};
    for (const key of Object.keys(error)) {
      if (described.has(key)) continue;
      const value: unknown = (error as unknown as Record<string, unknown>)[key];
      if (typeof value === 'function' || typeof value === 'symbol') continue;
      own[key] = this.#isSendable(value) ? value : inspect(value, { depth: 1 });
    }
    return own;
  }

  // An error among them is described by itself, with its causes taken care of.
  #isSendable(value: unknown): boolean {
    if (typeof value === 'function' || typeof value === 'symbol') return false;
    if (typeof value !== 'object' || value === null || types.isNativeError(value)) return true;
    return this.#canBeSent(value);
  }
}

/** An error class that never set `name` goes by the name of its class, as a reader of the error would call it. */
function classNameOf(error: Error): string {
  const className = error.constructor?.name;
  return error.name === 'Error' && className ? className : String(error.name);
}

// These are told apart from the own properties, enumerable or not.
const described = new Set(['name', 'message', 'stack', 'cause', 'errors']);

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

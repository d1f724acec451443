import { inspect } from 'node:util';
import { isExactInJson } from '../channel/json-exact.ts';

/**
 * An error as JSON: the same for the control API and for the CLI, so that an error prints alike wherever the
 * function ran. Fields that don't concern an error are left out.
 */
export interface ErrorReport {
  readonly name: string;
  /** As in `PoolError.code`; `INTERNAL` for what is no PoolError. */
  readonly code: string;
  readonly message: string;
  readonly functionName?: string;
  readonly invocationId?: string;
  /** FUNCTION_NOT_FOUND: the existing name that is closest. */
  readonly closest?: string;
  /** INVALID_INPUT and CONFIG: what is wrong where. */
  readonly issues?: readonly {
    readonly path: string | readonly (string | number)[];
    readonly message: string;
  }[];
  /** SERIALIZATION: which value it is. */
  readonly path?: string;
  /** TIMEOUT: the limit. */
  readonly timeoutMs?: number;
  readonly memoryMB?: number;
  readonly limitMB?: number;
  /** WORKER_CRASHED: how the worker ended. */
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  readonly stderr?: readonly string[];
  readonly stack?: string;
  readonly cause?: ThrownReport;
}

/** What somebody threw. What is no error is told as text in Node's inspect form. */
export type ThrownReport =
  | { readonly thrown: string }
  | {
      readonly name: string;
      readonly message: string;
      readonly stack?: string;
      /** The error's own properties. */
      readonly properties?: Readonly<Record<string, unknown>>;
      readonly cause?: ThrownReport;
      /** The errors of an AggregateError. */
      readonly errors?: readonly ThrownReport[];
    };

/** Describes an error of the runtime. */
export function reportError(error: unknown): ErrorReport {
  if (!(error instanceof Error)) return { name: 'Error', code: internalCode, message: inspect(error) };
  const { code } = error as { code?: unknown };
  return defined({
    name: error.name,
    code: typeof code === 'string' ? code : internalCode,
    message: error.message,
    ...fieldsOf(error as unknown as Record<string, unknown>),
    stack: error.stack,
    cause: error.cause === undefined ? undefined : reportThrown(error.cause),
  });
}

/** The code of an error that is none of the runtime's own. */
export const internalCode = 'INTERNAL';

// What the error classes carry beside message and cause. They are read by name: an error may come from a second copy
// of the package.
const carried = [
  'functionName',
  'invocationId',
  'closest',
  'path',
  'timeoutMs',
  'memoryMB',
  'limitMB',
  'exitCode',
  'signal',
  'stderr',
];

function fieldsOf(error: Record<string, unknown>): Partial<ErrorReport> {
  const fields: Record<string, unknown> = {};
  for (const name of carried) {
    // A limit of Infinity and the like have no JSON.
    if (isExactInJson(error[name])) fields[name] = error[name];
  }
  if (Array.isArray(error.issues) && error.issues.length > 0) {
    fields.issues = (error.issues as Issue[]).map(({ path, message }) => ({
      path: plainPath(path),
      message,
    }));
  }
  return fields;
}

interface Issue {
  readonly path: string | readonly PropertyKey[];
  readonly message: string;
}

function plainPath(path: Issue['path']): string | (string | number)[] {
  if (typeof path === 'string') return path;
  return path.map((key) => (typeof key === 'symbol' ? String(key) : key));
}

// A chain longer than this tells nobody more, and it may be a ring.
const maxDepth = 8;

function reportThrown(thrown: unknown, depth = 0): ThrownReport {
  if (!isErrorLike(thrown)) return { thrown: inspect(thrown) };
  const deeper = depth < maxDepth;
  return defined({
    name: thrown.name,
    message: thrown.message,
    stack: thrown.stack,
    properties: propertiesOf(thrown),
    cause: deeper && thrown.cause !== undefined ? reportThrown(thrown.cause, depth + 1) : undefined,
    errors: deeper ? errorsInside(thrown)?.map((each) => reportThrown(each, depth + 1)) : undefined,
  });
}

/** A load error that a worker told is a plain object with the fields of an error. */
function isErrorLike(thrown: unknown): thrown is Error {
  if (thrown instanceof Error) return true;
  const { name, message } = (thrown ?? {}) as Partial<Error>;
  return typeof name === 'string' && typeof message === 'string';
}

/** Those of an AggregateError, which arrives from a worker as an Error that has `errors`. */
function errorsInside(error: Error): readonly unknown[] | undefined {
  const { errors } = error as { errors?: unknown };
  return Array.isArray(errors) ? errors : undefined;
}

const toldApart = new Set(['name', 'message', 'stack', 'cause', 'errors']);

function propertiesOf(error: Error): Record<string, unknown> | undefined {
  const own = Object.entries(error).filter(([key, value]) => !toldApart.has(key) && value !== undefined);
  if (own.length === 0) return undefined;
  return Object.fromEntries(own.map(([key, value]) => [key, jsonForm(value)]));
}

/** As JSON has it, which leaves out what is undefined inside an object; else as text. */
function jsonForm(value: unknown): unknown {
  const given = withoutUndefined(value, new Set());
  return isExactInJson(given) ? given : inspect(given);
}

function withoutUndefined(value: unknown, seen: Set<unknown>): unknown {
  // What stands there twice, or is a ring, is text in the end.
  if (typeof value !== 'object' || value === null || seen.has(value)) return value;
  seen.add(value);
  if (Array.isArray(value)) return value.map((each) => withoutUndefined(each, seen));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, withoutUndefined(each, seen)]);
  return defined(Object.fromEntries(entries));
}

/** Without the fields that are undefined: JSON would leave them out as well. */
function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

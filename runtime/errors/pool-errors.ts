/** Where an error happened; every field is known by the time a caller sees the error, where it applies. */
export interface ErrorPlace {
  functionName?: string | undefined;
  invocationId?: string | undefined;
  cause?: unknown;
}

// A class is recognized by a brand instead of its identity: tsx may load this package a second time in a
// CommonJS project, and an error made by one copy must be `instanceof` the class of the other.
const brandOf = (code: string) => Symbol.for(`warm-pool.error.${code}`);
const poolErrorBrand = Symbol.for('warm-pool.error');

function hasBrand(value: unknown, brand: symbol): boolean {
  return typeof value === 'object' && value !== null && brand in value;
}

/**
 * The base of every error that warm-pool itself raises. `code` is stable and can be switched on. Beside those of the
 * classes below there are `NESTED_TOO_DEEP`, of `ctx.invoke`, `MESSAGES_ENDED`, of a spawned function, `RUNTIME_RUNNING` and `STORE_UNUSABLE`, of
 * `runtime.start`, and `SHARED_CONFLICT` and `SHARED_ENDED`, of what is shared. A
 * mistake in the options of a call is a TypeError.
 *
 * ```ts
 * const result = await runtime.invoke('thumbnail', { src }).catch((error: unknown) => {
 *   if (error instanceof PoolError && error.code === 'QUEUE_FULL') return undefined;
 *   throw error;
 * });
 * ```
 */
export class PoolError extends Error {
  readonly code: string;
  /** The function it concerns, if one. */
  readonly functionName: string | undefined;
  /** The invocation it concerns, if one. */
  readonly invocationId: string | undefined;

  constructor(code: string, message: string, place: ErrorPlace = {}) {
    super(message, 'cause' in place ? { cause: place.cause } : undefined);
    this.code = code;
    this.functionName = place.functionName;
    this.invocationId = place.invocationId;
    for (const brand of [poolErrorBrand, brandOf(code)]) {
      Object.defineProperty(this, brand, { value: true });
    }
  }
}

// `name` belongs to the prototype, as in the language's own errors: it stays out of printed own properties.
function branded<C extends { prototype: PoolError }>(errorClass: C, name: string, brand: symbol): void {
  Object.defineProperty(errorClass.prototype, 'name', { value: name, configurable: true, writable: true });
  Object.defineProperty(errorClass, Symbol.hasInstance, {
    value(this: unknown, value: unknown) {
      // A user's subclass has no brand of its own: it is told by its prototype, as any class.
      return this === errorClass
        ? hasBrand(value, brand)
        : Function.prototype[Symbol.hasInstance].call(this, value);
    },
  });
}

/** No function has this name. The message names the closest one that exists. */
export class FunctionNotFoundError extends PoolError {
  /** The existing function whose name is closest, if one is close. */
  readonly closest: string | undefined;
  constructor(message: string, place: ErrorPlace & { closest?: string | undefined } = {}) {
    super('FUNCTION_NOT_FOUND', message, place);
    this.closest = place.closest;
  }
}

/** The module of the function could not be loaded, exports no function or has wrong settings. `cause` is the error as thrown. */
export class FunctionLoadError extends PoolError {
  constructor(message: string, place?: ErrorPlace) {
    super('FUNCTION_LOAD', message, place);
  }
}

/** One thing that is wrong with an input: where, and what was expected. */
export interface InputIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The arguments don't fit the function's `input` schema. The handler was not called; it is never retried. */
export class InvalidInputError extends PoolError {
  readonly issues: readonly InputIssue[];
  constructor(message: string, place: ErrorPlace & { issues: readonly InputIssue[] }) {
    super('INVALID_INPUT', message, place);
    this.issues = place.issues;
  }
}

/** The function threw. `cause` is what it threw: name, message, stack, cause and own properties as in the worker. */
export class FunctionError extends PoolError {
  constructor(message: string, place?: ErrorPlace) {
    super('FUNCTION_FAILED', message, place);
  }
}

/** The invocation ran longer than its timeout; with `retry` that is for each attempt. */
export class TimeoutError extends PoolError {
  /** The timeout that was exceeded, in ms. */
  readonly timeoutMs: number;
  constructor(message: string, place: ErrorPlace & { timeoutMs: number }) {
    super('TIMEOUT', message, place);
    this.timeoutMs = place.timeoutMs;
  }
}

/** The invocation was cancelled. `cause` is the reason given to `cancel` or the reason of the `signal`. */
export class CancelledError extends PoolError {
  constructor(message: string, place?: ErrorPlace) {
    super('CANCELLED', message, place);
  }
}

/** The worker process ended while it ran the invocation, or before it could start. */
export class WorkerCrashedError extends PoolError {
  /** The exit code, or null when a signal ended the worker. */
  readonly exitCode: number | null;
  /** The signal that ended the worker, or null. */
  readonly signal: string | null;
  /** The last lines the worker wrote to its stderr. */
  readonly stderr: readonly string[];
  constructor(
    message: string,
    place: ErrorPlace & { exitCode: number | null; signal: string | null; stderr: readonly string[] },
  ) {
    super('WORKER_CRASHED', message, place);
    this.exitCode = place.exitCode;
    this.signal = place.signal;
    this.stderr = place.stderr;
  }
}

/** The worker was ended because it used more memory than the function, or its pool, allows. */
export class MemoryLimitError extends PoolError {
  /** The resident memory of the worker when it was ended, in MB (2^20 bytes). */
  readonly memoryMB: number;
  /** The limit, in MB; a worker is ended at 1.5 times its limit. */
  readonly limitMB: number;
  constructor(message: string, place: ErrorPlace & { memoryMB: number; limitMB: number }) {
    super('MEMORY_LIMIT', message, place);
    this.memoryMB = place.memoryMB;
    this.limitMB = place.limitMB;
  }
}

/** The queue of the pool is at its `queueLimit`: the function did not run. */
export class QueueFullError extends PoolError {
  constructor(message: string, place?: ErrorPlace) {
    super('QUEUE_FULL', message, place);
  }
}

/** An argument or a result can't be sent between processes. `path` says which value, as in `args.items[3].run`. */
export class SerializationError extends PoolError {
  readonly path: string;
  constructor(message: string, place: ErrorPlace & { path: string }) {
    super('SERIALIZATION', message, place);
    this.path = place.path;
  }
}

/** One who waits in a deadlock: what for, and who has that. */
export interface DeadlockStep {
  /** Who waits, as in `"resize" (01K…)`. */
  readonly waits: string;
  /** The name of the lock. */
  readonly lock: string;
  readonly holder: string;
}

/** A wait for a lock would never end: those who hold locks wait for each other. The lock was not had. */
export class DeadlockError extends PoolError {
  /** Each waits for a lock that the next one holds, and the last one for one that the first holds. */
  readonly cycle: readonly DeadlockStep[];
  constructor(message: string, place: ErrorPlace & { cycle: readonly DeadlockStep[] }) {
    super('DEADLOCK', message, place);
    this.cycle = place.cycle;
  }
}

/** One of those who were to meet at a barrier is gone or gave up, or the barrier was aborted. */
export class BrokenBarrierError extends PoolError {
  constructor(message: string, place?: ErrorPlace) {
    super('BARRIER_BROKEN', message, place);
  }
}

/** The queue was closed: nothing can be put any more, and all that was in it has been had. */
export class QueueClosedError extends PoolError {
  constructor(message: string, place?: ErrorPlace) {
    super('QUEUE_CLOSED', message, place);
  }
}

/** The runtime was closed before the invocation could end. */
export class RuntimeClosedError extends PoolError {
  constructor(message: string, place?: ErrorPlace) {
    super('RUNTIME_CLOSED', message, place);
  }
}

/** One mistake in a configuration. `path` is as written by the user: `pool.max`, `triggers[0].path`. */
export interface ConfigIssue {
  readonly path: string;
  readonly message: string;
}

/** The configuration can't be found, loaded or used. `issues` lists every mistake in it. */
export class ConfigError extends PoolError {
  readonly issues: readonly ConfigIssue[];
  constructor(message: string, place: ErrorPlace & { issues?: readonly ConfigIssue[] } = {}) {
    super('CONFIG', message, place);
    this.issues = place.issues ?? [];
  }
}

branded(PoolError, 'PoolError', poolErrorBrand);
branded(FunctionNotFoundError, 'FunctionNotFoundError', brandOf('FUNCTION_NOT_FOUND'));
branded(FunctionLoadError, 'FunctionLoadError', brandOf('FUNCTION_LOAD'));
branded(InvalidInputError, 'InvalidInputError', brandOf('INVALID_INPUT'));
branded(FunctionError, 'FunctionError', brandOf('FUNCTION_FAILED'));
branded(TimeoutError, 'TimeoutError', brandOf('TIMEOUT'));
branded(CancelledError, 'CancelledError', brandOf('CANCELLED'));
branded(WorkerCrashedError, 'WorkerCrashedError', brandOf('WORKER_CRASHED'));
branded(MemoryLimitError, 'MemoryLimitError', brandOf('MEMORY_LIMIT'));
branded(QueueFullError, 'QueueFullError', brandOf('QUEUE_FULL'));
branded(SerializationError, 'SerializationError', brandOf('SERIALIZATION'));
branded(DeadlockError, 'DeadlockError', brandOf('DEADLOCK'));
branded(BrokenBarrierError, 'BrokenBarrierError', brandOf('BARRIER_BROKEN'));
branded(QueueClosedError, 'QueueClosedError', brandOf('QUEUE_CLOSED'));
branded(RuntimeClosedError, 'RuntimeClosedError', brandOf('RUNTIME_CLOSED'));
branded(ConfigError, 'ConfigError', brandOf('CONFIG'));

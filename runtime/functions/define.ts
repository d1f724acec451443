import type { RetrySettings } from '../invocation/retry.ts';
import type { FunctionContext } from '../worker/context.ts';
import type { StandardSchema } from './standard-schema.ts';

/** The settings of a function. */
export interface FunctionConfig {
  /** One line for `pool list`. */
  description?: string;
  /**
   * The longest an invocation may run, from the start of its execution: a number of ms above 0 or a string such as `'30s'`;
   * Infinity for no limit. Default: the pool's `timeout`.
   */
  timeout?: number | string;
  /** How often an invocation is tried that fails, times out or loses its worker; `timeout` is for each attempt. Default: once. */
  retry?: RetrySettings;
  /**
   * The most invocations of it that are in the hands of workers at once, over all workers; what is beyond waits, and
   * other functions pass it. A whole number of at least 1. Default: no limit but the pool's `max`.
   */
  concurrency?: number;
  /** Takes the place of the pool's `maxMemory` while it runs: bytes or a string such as `'512mb'`, from `'1mb'` on. */
  memory?: number | string;
  /** The name of the pool that runs it, one of `pools` in the configuration. Default: `'default'`, which is `pool` there. */
  pool?: string;
  /** Runs once in each worker, before the first invocation of this function there. */
  setup?: () => unknown;
  /** Runs when a worker that was set up is stopped. It is not run when a worker is killed. */
  teardown?: () => unknown;
}

/** A function with its settings, as `defineFunction` takes it. */
export interface FunctionDefinition<Input = unknown, Result = unknown> extends FunctionConfig {
  /**
   * A schema of any library that follows Standard Schema (zod, valibot, arktype, …). The handler gets what the schema
   * returns; arguments that don't fit are an `InvalidInputError` and the handler isn't called.
   */
  input?: StandardSchema<unknown, Input>;
  handler: (input: Input, context: FunctionContext) => Result | Promise<Result>;
}

const brand = Symbol.for('warm-pool.function');

/**
 * Defines a function: the default export of a module in the functions folder.
 *
 * ```ts
 * export default defineFunction({
 *   description: 'Adds two numbers',
 *   timeout: '5s',
 *   handler: ({ a, b }: { a: number; b: number }) => a + b,
 * });
 * ```
 */
export function defineFunction<Input = unknown, Result = unknown>(
  definition: FunctionDefinition<Input, Result>,
): FunctionDefinition<Input, Result> {
  if (typeof definition?.handler !== 'function') {
    throw new TypeError(
      `Expected the \`handler\` of defineFunction to be a function, got ${typeof definition?.handler}`,
    );
  }
  Object.defineProperty(definition, brand, { value: true });
  return definition;
}

import * as v from 'valibot';
import { duration, size, text, timeout, wholeNumber } from '../config/fields.ts';
import { issuesOf } from '../config/issues.ts';
import { settings } from '../config/objects.ts';
import { defaultPool } from '../config/pool-settings.ts';
import type { ConfigIssue } from '../errors/pool-errors.ts';
import {
  attemptsExpected,
  type FunctionRetry,
  isAttempts,
  retryCodes,
  retryDefaults,
} from '../invocation/retry.ts';
import { didYouMean } from '../options/did-you-mean.ts';
import { expected } from '../options/expected.ts';

/** The settings of a function, read. */
export interface FunctionSettings {
  readonly timeoutMs: number | undefined;
  /** The most invocations of it at once. */
  readonly concurrency: number | undefined;
  /** The most memory its worker may have, in bytes. */
  readonly memory: number | undefined;
  /** The name of the pool that runs it. */
  readonly pool: string;
  readonly description: string | undefined;
  readonly retry: FunctionRetry | undefined;
}

const code = v.picklist(retryCodes, expected(`one of ${retryCodes.join(', ')}`));

const retry = v.pipe(
  settings(
    {
      attempts: v.custom<number>(isAttempts, expected(attemptsExpected)),
      backoff: v.optional(duration),
      on: v.optional(v.array(code, expected('a list of codes'))),
    },
    'an object such as { attempts: 3 }',
  ),
  v.transform(
    ({ attempts, backoff = retryDefaults.backoffMs, on = retryDefaults.on }): FunctionRetry => ({
      attempts,
      backoffMs: backoff,
      on,
    }),
  ),
);

const schemaExpected = 'a Standard Schema, such as one made with zod, valibot or arktype';

const entries = {
  timeout: v.optional(timeout),
  retry: v.optional(retry),
  concurrency: v.optional(wholeNumber(1)),
  memory: v.optional(size),
  pool: v.optional(text('the name of a pool'), defaultPool),
  description: v.optional(v.string(expected('a text'))),
  // The worker keeps what is code: what arrives here it could not use.
  input: v.undefined(expected(schemaExpected)),
  setup: v.undefined(expected('a function')),
  teardown: v.undefined(expected('a function')),
};

const schema = settings(entries, 'an object');

const knownKeys = [...Object.keys(entries), 'handler'];

/**
 * Reads what a module gave as its settings; `pools` are the names of the pools there are.
 * @throws Error that says everything that is wrong with them
 */
export function readFunctionSettings(config: unknown, pools: readonly string[]): FunctionSettings {
  const result = v.safeParse(schema, config);
  const issues = [...issuesOf(result.issues, knownKeys), ...issuesOfPool(config, pools)];
  if (result.success && issues.length === 0) {
    const { timeout, description, retry, concurrency, memory, pool } = result.output;
    return { timeoutMs: timeout, description, retry, concurrency, memory, pool };
  }
  const list = issues.map(({ path, message }) => `${path}: ${message}`);
  throw new Error(`its settings are not valid: ${list.join('; ')}`);
}

/** A name that no pool has; of what is no name at all nothing is said. */
function issuesOfPool(config: unknown, pools: readonly string[]): ConfigIssue[] {
  const { pool } = (config ?? {}) as { pool?: unknown };
  if (typeof pool !== 'string' || pool === '' || pools.includes(pool)) return [];
  const hint = didYouMean(pool, pools) || ',';
  const message = `there is no pool "${pool}"${hint} the configuration has ${pools.join(', ')}`;
  return [{ path: 'pool', message }];
}

import { z } from 'zod';
import { duration, size, text, timeout, wholeNumber } from '../config/fields.ts';
import { issuesOf } from '../config/issues.ts';
import { defaultPool } from '../config/pool-settings.ts';
import type { ConfigIssue } from '../invocation/errors.ts';
import {
  attemptsExpected,
  type FunctionRetry,
  mostAttempts,
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

const attempts = z
  .int({ error: expected(attemptsExpected) })
  .min(1, { error: expected(attemptsExpected) })
  .max(mostAttempts, { error: expected(attemptsExpected) });

const code = z.enum(retryCodes, { error: expected(`one of ${retryCodes.join(', ')}`) });

const retrySchema = z
  .strictObject(
    {
      attempts,
      backoff: duration.optional(),
      on: z.array(code, { error: expected('a list of codes') }).optional(),
    },
    { error: expected('an object such as { attempts: 3 }') },
  )
  .transform(({ attempts, backoff = retryDefaults.backoffMs, on = retryDefaults.on }): FunctionRetry => {
    return { attempts, backoffMs: backoff, on };
  });

const schemaExpected = 'a Standard Schema, such as one made with zod, valibot or arktype';

const schema = z.strictObject({
  timeout: timeout.optional(),
  retry: retrySchema.optional(),
  concurrency: wholeNumber(1).optional(),
  memory: size.optional(),
  pool: text('the name of a pool').default(defaultPool),
  description: z.string({ error: expected('a text') }).optional(),
  // The worker keeps what is code: what arrives here it could not use.
  input: z.undefined({ error: expected(schemaExpected) }).optional(),
  setup: z.undefined({ error: expected('a function') }).optional(),
  teardown: z.undefined({ error: expected('a function') }).optional(),
});

const knownKeys = [...Object.keys(schema.shape), 'handler'];

/**
 * Reads what a module gave as its settings; `pools` are the names of the pools there are.
 * @throws Error that says everything that is wrong with them
 */
export function readFunctionSettings(config: unknown, pools: readonly string[]): FunctionSettings {
  const result = schema.safeParse(config, { reportInput: true });
  const issues = [
    ...(result.success ? [] : issuesOf(result.error, knownKeys)),
    ...issuesOfPool(config, pools),
  ];
  if (result.success && issues.length === 0) {
    const { timeout, description, retry, concurrency, memory, pool } = result.data;
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

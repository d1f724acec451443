import { z } from 'zod';
import { expected } from '../config/expected.ts';
import { duration, wholeNumber } from '../config/fields.ts';
import { issuesOf } from '../config/issues.ts';
import {
  attemptsExpected,
  type FunctionRetry,
  mostAttempts,
  retryCodes,
  retryDefaults,
} from '../invocation/retry.ts';

/** The settings of a function, read. */
export interface FunctionSettings {
  readonly timeoutMs: number | undefined;
  /** The most invocations of it at once. */
  readonly concurrency: number | undefined;
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

const schema = z.strictObject({
  timeout: duration.optional(),
  retry: retrySchema.optional(),
  concurrency: wholeNumber(1).optional(),
  description: z.string({ error: expected('a text') }).optional(),
});

// The last ones are told apart by the worker, which has them as code.
const knownKeys = [...Object.keys(schema.shape), 'handler', 'input', 'setup', 'teardown'];

/**
 * Reads what a module gave as its settings.
 * @throws Error that says everything that is wrong with them
 */
export function readFunctionSettings(config: unknown): FunctionSettings {
  const result = schema.safeParse(config, { reportInput: true });
  if (result.success) {
    const { timeout, description, retry, concurrency } = result.data;
    return { timeoutMs: timeout, description, retry, concurrency };
  }
  const list = issuesOf(result.error, knownKeys).map(({ path, message }) => `${path}: ${message}`);
  throw new Error(`its settings are not valid: ${list.join('; ')}`);
}

import { z } from 'zod';
import { expected } from '../config/expected.ts';
import { duration } from '../config/fields.ts';
import { issuesOf } from '../config/issues.ts';

/** The settings of a function, read. */
export interface FunctionSettings {
  readonly timeoutMs: number | undefined;
  readonly description: string | undefined;
}

const schema = z.strictObject({
  timeout: duration.optional(),
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
    const { timeout, description } = result.data;
    return { timeoutMs: timeout, description };
  }
  const list = issuesOf(result.error, knownKeys).map(({ path, message }) => `${path}: ${message}`);
  throw new Error(`its settings are not valid: ${list.join('; ')}`);
}

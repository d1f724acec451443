import { z } from 'zod';
import { duration } from '../config/fields.ts';
import { issuesOf } from '../config/issues.ts';

/** The settings of a function, read. */
export interface FunctionSettings {
  readonly timeoutMs: number | undefined;
}

const schema = z.strictObject({ timeout: duration.optional() });

/**
 * Reads what a module gave as its settings.
 * @throws Error that says everything that is wrong with them
 */
export function readFunctionSettings(config: unknown): FunctionSettings {
  const result = schema.safeParse(config, { reportInput: true });
  if (result.success) return { timeoutMs: result.data.timeout };
  const list = issuesOf(result.error).map(({ path, message }) => `${path}: ${message}`);
  throw new Error(`its settings are not valid: ${list.join('; ')}`);
}

import { z } from 'zod';
import { levelNames } from '../channel/levels.ts';
import { expected } from '../options/expected.ts';
import { text } from './fields.ts';
import { issuesOf, mistakesIn } from './issues.ts';
import { type Logger, logLevels } from './logger.ts';

const isConfig = (value: unknown) =>
  (typeof value === 'object' && value !== null) || (typeof value === 'string' && value !== '');

const loggerMethods = [...levelNames, 'child'] as const;

const isLogger = (value: unknown) => {
  const given = (value ?? {}) as Partial<Logger>;
  return loggerMethods.every((name) => typeof given[name] === 'function');
};

const schema = z.strictObject(
  {
    cwd: text('the path of a folder').optional(),
    config: z.custom(isConfig, { error: expected('a configuration, or the path of one') }).optional(),
    logger: z
      .custom(isLogger, { error: expected(`a logger with ${levelNames.join(', ')} and child`) })
      .optional(),
    logLevel: z.enum(logLevels, { error: expected(`one of ${logLevels.join(', ')}`) }).optional(),
    hotReload: z.boolean({ error: expected('true or false') }).optional(),
  },
  { error: expected('an object') },
);

/**
 * Checks the options of `createRuntime`.
 * @throws ConfigError with every mistake in them
 */
export function checkCreateOptions(options: unknown): void {
  const result = schema.safeParse(options, { reportInput: true });
  if (!result.success)
    throw mistakesIn('the options of createRuntime', issuesOf(result.error, Object.keys(schema.shape)));
}

import * as v from 'valibot';
import { levelNames } from '../channel/levels.ts';
import { expected } from '../options/expected.ts';
import { logLevel, text } from './fields.ts';
import { issuesOf, mistakesIn } from './issues.ts';
import type { Logger } from './logger.ts';
import { settings } from './objects.ts';

const isConfig = (value: unknown) =>
  (typeof value === 'object' && value !== null) || (typeof value === 'string' && value !== '');

const loggerMethods = [...levelNames, 'child'] as const;

const isLogger = (value: unknown) => {
  const given = (value ?? {}) as Partial<Logger>;
  return loggerMethods.every((name) => typeof given[name] === 'function');
};

const entries = {
  cwd: v.optional(text('the path of a folder')),
  config: v.optional(v.custom(isConfig, expected('a configuration, or the path of one'))),
  logger: v.optional(v.custom(isLogger, expected(`a logger with ${levelNames.join(', ')} and child`))),
  logLevel: v.optional(logLevel),
  hotReload: v.optional(v.boolean(expected('true or false'))),
};

const schema = settings(entries, 'an object');

/**
 * Checks the options of `createRuntime`.
 * @throws ConfigError with every mistake in them
 */
export function checkCreateOptions(options: unknown): void {
  const { issues } = v.safeParse(schema, options);
  if (issues) throw mistakesIn('the options of createRuntime', issuesOf(issues, Object.keys(entries)));
}

import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { ConfigError } from '../invocation/errors.ts';
import type { Trigger } from '../triggers/trigger.ts';
import { duration, expected, expectedText, text, wholeNumber } from './fields.ts';
import { issuesOf } from './issues.ts';
import { type LogLevel, logLevels } from './logger.ts';
import type { PoolSettings } from './pool-settings.ts';

/** A configuration, read: every value is there, durations are in ms. */
export interface Settings {
  readonly functions: readonly string[];
  readonly dataDir: string;
  readonly pool: PoolSettings;
  readonly triggers: readonly Trigger[];
  readonly log: { readonly level: LogLevel };
}

const pool = z.strictObject(
  {
    min: wholeNumber(0).default(1),
    max: wholeNumber(1).default(() => availableParallelism()),
    isolation: z.literal('process', { error: expected('"process"') }).default('process'),
    idleTimeout: duration.default(30_000),
    timeout: duration.default(60_000),
    killGrace: duration.default(1_000),
    loadTimeout: duration.default(30_000),
    queueLimit: wholeNumber(0).or(z.literal(Number.POSITIVE_INFINITY)).default(100_000),
    env: z.record(z.string(), text(), { error: expected('an object of strings') }).default({}),
    execArgv: z.array(text(), { error: expected('a list of strings') }).default([]),
  },
  { error: expected('an object with the settings of the pool') },
);

const trigger = z.custom<Trigger>(
  (value) => {
    const { start, stop, id } = (value ?? {}) as Partial<Trigger>;
    return typeof start === 'function' && typeof stop === 'function' && typeof id === 'string';
  },
  { error: expected('a trigger, such as watch({ … }) makes') },
);

const config = z.strictObject(
  {
    functions: text('the path of a folder, or a list of them')
      .transform((folder) => [folder])
      .or(z.array(text('the path of a folder')).min(1))
      .default(['functions']),
    dataDir: text('the path of a folder').default('.pool'),
    pool: pool.prefault({}),
    triggers: z.array(trigger, { error: expected('a list of triggers') }).default([]),
    log: z
      .strictObject({
        level: z.enum(logLevels, { error: expected(`one of ${logLevels.join(', ')}`) }).default('info'),
      })
      .prefault({}),
  },
  { error: expected('a configuration: an object') },
);

const knownKeys = [...Object.keys(config.shape), ...Object.keys(pool.shape), 'level'];

/**
 * Reads a configuration.
 * @throws ConfigError with every mistake in it
 */
export function readConfig(value: unknown, source: string): Settings {
  const result = config.safeParse(value, { reportInput: true });
  const issues = result.success ? contradictions(result.data) : issuesOf(result.error, knownKeys);
  if (!result.success || issues.length > 0) {
    const list = issues
      .map(({ path, message }) => `\n  ${path === '' ? '' : `${path}: `}${message}`)
      .join('');
    const count = issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`;
    throw new ConfigError(`There ${issues.length === 1 ? 'is' : 'are'} ${count} in ${source}:${list}`, {
      issues,
    });
  }
  const { data } = result;
  const { idleTimeout, timeout, killGrace, loadTimeout } = data.pool;
  return {
    ...data,
    pool: {
      ...data.pool,
      idleTimeoutMs: idleTimeout,
      timeoutMs: timeout,
      killGraceMs: killGrace,
      loadTimeoutMs: loadTimeout,
    },
  };
}

function contradictions({ pool: { min, max }, triggers }: z.infer<typeof config>) {
  const issues = [];
  if (min > max) {
    issues.push({ path: 'pool.min', message: expectedText(`at most the value of pool.max, ${max}`, min) });
  }
  const ids = new Map<string, number>();
  for (const [index, { id }] of triggers.entries()) {
    const first = ids.get(id);
    if (first === undefined) ids.set(id, index);
    else
      issues.push({
        path: `triggers[${index}].id`,
        message: `triggers[${first}] has the id "${id}" already: give one of them another \`id\``,
      });
  }
  return issues;
}

import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { ConfigIssue } from '../invocation/errors.ts';
import { expected, expectedText } from '../options/expected.ts';
import { count, duration, size, text, timeout, wholeNumber } from './fields.ts';
import { issuesOf, issuesOfTrigger, mistakesIn, pathText } from './issues.ts';
import { type LogLevel, logLevels } from './logger.ts';
import { defaultPool, type PoolSettings } from './pool-settings.ts';
import type { Trigger } from './trigger.ts';

/** A configuration, read: every value is there, durations are in ms. */
export interface Settings {
  readonly functions: readonly string[];
  readonly dataDir: string;
  /** The default pool first. */
  readonly pools: readonly PoolSettings[];
  readonly triggers: readonly Trigger[];
  readonly log: { readonly level: LogLevel };
}

const pool = z.strictObject(
  {
    min: wholeNumber(0).default(1),
    max: wholeNumber(1).default(() => availableParallelism()),
    isolation: z.enum(['process', 'thread'], { error: expected('"process" or "thread"') }).default('process'),
    idleTimeout: duration.default(30_000),
    timeout: timeout.default(60_000),
    killGrace: duration.default(1_000),
    loadTimeout: timeout.default(30_000),
    queueLimit: count(0).default(100_000),
    maxInvocations: count(1).default(Number.POSITIVE_INFINITY),
    maxMemory: size.default(2 ** 30),
    env: z
      .record(z.string(), z.string({ error: expected('a string') }), {
        error: expected('an object of strings'),
      })
      .default({}),
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

const folders = { error: expected('the path of a folder, or a list of them') };

const config = z.strictObject(
  {
    functions: z
      .preprocess(
        (value) => (typeof value === 'string' && value !== '' ? [value] : value),
        z.array(text('the path of a folder'), folders).refine(({ length }) => length > 0, folders),
      )
      .default(['functions']),
    dataDir: text('the path of a folder').default('.pool'),
    pool: pool.prefault({}),
    pools: z.record(z.string(), pool, { error: expected('an object of pools by their names') }).default({}),
    triggers: z.array(trigger, { error: expected('a list of triggers') }).default([]),
    log: z
      .strictObject(
        { level: z.enum(logLevels, { error: expected(`one of ${logLevels.join(', ')}`) }).default('info') },
        { error: expected('an object') },
      )
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
  const issues = [...(result.success ? [] : issuesOf(result.error, knownKeys)), ...contradictions(value)];
  if (!result.success || issues.length > 0) throw mistakesIn(source, issues);
  const { pool: first, pools: named, ...rest } = result.data;
  const pools = Object.entries({ [defaultPool]: first, ...named });
  return { ...rest, pools: pools.map(([name, each]) => settingsOfPool(name, each)) };
}

function settingsOfPool(name: string, read: z.infer<typeof pool>): PoolSettings {
  const { idleTimeout, timeout, killGrace, loadTimeout, ...rest } = read;
  return {
    ...rest,
    name,
    idleTimeoutMs: idleTimeout,
    timeoutMs: timeout,
    killGraceMs: killGrace,
    loadTimeoutMs: loadTimeout,
  };
}

/** Settings that are right each by itself and wrong together; of those that are wrong already nothing is said. */
function contradictions(value: unknown): ConfigIssue[] {
  const given = (value ?? {}) as { pool?: unknown; pools?: unknown; triggers?: unknown };
  const named = typeof given.pools === 'object' && given.pools !== null ? Object.entries(given.pools) : [];
  return [
    ...contradictionsOfSize('pool', given.pool ?? {}),
    ...named.flatMap(([name, each]) => [
      ...issuesOfName(name),
      ...contradictionsOfSize(pathText(['pools', name]), each),
    ]),
    ...issuesOfTriggers(given.triggers),
  ];
}

function issuesOfName(name: string): ConfigIssue[] {
  if (name === defaultPool)
    return [
      {
        path: pathText(['pools', name]),
        message: 'the default pool has its settings in `pool`: move them there',
      },
    ];
  if (name === '')
    return [{ path: pathText(['pools', name]), message: 'a pool needs a name, got an empty one' }];
  return [];
}

function contradictionsOfSize(path: string, value: unknown): ConfigIssue[] {
  const size = poolSize.safeParse(value);
  if (!size.success || size.data.min <= size.data.max) return [];
  const { min, max } = size.data;
  return [{ path: `${path}.min`, message: expectedText(`at most the value of ${path}.max, ${max}`, min) }];
}

const poolSize = z.object({ min: pool.shape.min, max: pool.shape.max });

/** What the triggers say of themselves, and ids that stand there twice. */
function issuesOfTriggers(value: unknown): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const ids = new Map<string, number>();
  for (const [index, candidate] of (Array.isArray(value) ? value : []).entries()) {
    const { success, data } = trigger.safeParse(candidate);
    if (!success) continue;
    if (data.issues && data.issues.length > 0) {
      issues.push(...issuesOfTrigger(index, data.issues));
      continue;
    }
    const first = ids.get(data.id);
    if (first === undefined) ids.set(data.id, index);
    else
      issues.push({
        path: `triggers[${index}].id`,
        message: `triggers[${first}] has the id "${data.id}" already: give one of them another \`id\``,
      });
  }
  return issues;
}

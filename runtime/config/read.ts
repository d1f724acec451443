import { availableParallelism } from 'node:os';
import * as v from 'valibot';
import type { ConfigIssue } from '../errors/pool-errors.ts';
import { expected, expectedText } from '../options/expected.ts';
import { count, duration, logLevel, size, text, timeout, wholeNumber } from './fields.ts';
import { issuesOf, issuesOfTrigger, mistakesIn, pathText } from './issues.ts';
import type { LogLevel } from './logger.ts';
import { record, settings } from './objects.ts';
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

const poolEntries = {
  min: v.optional(wholeNumber(0), 1),
  max: v.optional(wholeNumber(1), () => availableParallelism()),
  isolation: v.optional(v.picklist(['process', 'thread'], expected('"process" or "thread"')), 'process'),
  idleTimeout: v.optional(duration, 30_000),
  timeout: v.optional(timeout, 60_000),
  killGrace: v.optional(duration, 1_000),
  loadTimeout: v.optional(timeout, 30_000),
  queueLimit: v.optional(count(0), 100_000),
  maxInvocations: v.optional(count(1), Number.POSITIVE_INFINITY),
  maxMemory: v.optional(size, 2 ** 30),
  env: v.optional(record(v.string(expected('a string')), 'an object of strings'), {}),
  execArgv: v.optional(v.array(text(), expected('a list of strings')), []),
};

const pool = settings(poolEntries, 'an object with the settings of the pool');

const trigger = v.custom<Trigger>((value) => {
  const { start, stop, id } = (value ?? {}) as Partial<Trigger>;
  return typeof start === 'function' && typeof stop === 'function' && typeof id === 'string';
}, expected('a trigger, such as watch({ … }) makes'));

const foldersExpected = expected('the path of a folder, or a list of them');

const folders = v.pipe(
  v.unknown(),
  v.transform((value) => (typeof value === 'string' && value !== '' ? [value] : value)),
  v.array(text('the path of a folder'), foldersExpected),
);

const log = settings({ level: v.optional(logLevel, 'info') }, 'an object');

const configEntries = {
  functions: v.optional(folders, 'functions'),
  dataDir: v.optional(text('the path of a folder'), '.pool'),
  pool: v.optional(pool, {}),
  pools: v.optional(record(pool, 'an object of pools by their names'), {}),
  triggers: v.optional(v.array(trigger, expected('a list of triggers')), []),
  log: v.optional(log, {}),
};

const config = settings(configEntries, 'a configuration: an object');

const knownKeys = [...Object.keys(configEntries), ...Object.keys(poolEntries), 'level'];

/**
 * Reads a configuration.
 * @throws ConfigError with every mistake in it
 */
export function readConfig(value: unknown, source: string): Settings {
  const result = v.safeParse(config, value);
  const issues = [...issuesOf(result.issues, knownKeys), ...contradictions(value)];
  if (!result.success || issues.length > 0) throw mistakesIn(source, issues);
  const { pool: first, pools: named, ...rest } = result.output;
  const pools = Object.entries({ [defaultPool]: first, ...named });
  return { ...rest, pools: pools.map(([name, each]) => settingsOfPool(name, each)) };
}

function settingsOfPool(name: string, read: v.InferOutput<typeof pool>): PoolSettings {
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
  const size = v.safeParse(poolSize, value);
  if (!size.success || size.output.min <= size.output.max) return [];
  const { min, max } = size.output;
  return [{ path: `${path}.min`, message: expectedText(`at most the value of ${path}.max, ${max}`, min) }];
}

const poolSize = v.object({ min: poolEntries.min, max: poolEntries.max });

/** What the triggers say of themselves, and ids that stand there twice. */
function issuesOfTriggers(value: unknown): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const ids = new Map<string, number>();
  for (const [index, candidate] of (Array.isArray(value) ? value : []).entries()) {
    if (!v.is(trigger, candidate)) continue;
    const { id } = candidate;
    if (candidate.issues && candidate.issues.length > 0) {
      issues.push(...issuesOfTrigger(index, candidate.issues));
      continue;
    }
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

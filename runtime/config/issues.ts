import type * as v from 'valibot';
import { ConfigError, type ConfigIssue } from '../errors/pool-errors.ts';
import { didYouMean } from '../options/did-you-mean.ts';
import { unknownSetting } from './objects.ts';

/** The mistakes that valibot found, each with its path as a user writes it: `triggers[0].path`. */
export function issuesOf(
  issues: readonly v.BaseIssue<unknown>[] = [],
  knownKeys: readonly string[] = [],
): ConfigIssue[] {
  return issues.map(({ expected, message, path = [] }) => {
    const keys = path.map(({ key }) => key as PropertyKey);
    const isUnknown = expected === unknownSetting;
    return {
      path: pathText(keys),
      message: isUnknown ? `there is no such setting${didYouMean(String(keys.at(-1)), knownKeys)}` : message,
    };
  });
}

/** The mistakes a trigger has found, with their paths in the configuration. */
export function issuesOfTrigger(index: number, issues: readonly ConfigIssue[]): ConfigIssue[] {
  return issues.map(({ path, message }) => ({
    path: `triggers[${index}]${path === '' || path.startsWith('[') ? '' : '.'}${path}`,
    message,
  }));
}

/** One error for all mistakes, each on a line with its path. */
export function mistakesIn(source: string, issues: readonly ConfigIssue[]): ConfigError {
  const list = issues.map(({ path, message }) => `\n  ${path === '' ? '' : `${path}: `}${message}`).join('');
  const count = issues.length === 1 ? 'is a mistake' : `are ${issues.length} mistakes`;
  return new ConfigError(`There ${count} in ${source}:${list}`, { issues });
}

/** As a user would write it: `triggers[0].path`, `pools["fast io"].max`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((key, depth) => stepText(key, depth === 0)).join('');
}

function stepText(key: PropertyKey, isFirst: boolean): string {
  if (typeof key === 'number') return `[${key}]`;
  if (isFirst || /^[\w$-]+$/.test(String(key))) return `${isFirst ? '' : '.'}${String(key)}`;
  return `[${JSON.stringify(String(key))}]`;
}

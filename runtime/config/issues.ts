import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { ConfigIssue } from '../invocation/errors.ts';

/** The mistakes zod found, each with its path as a user writes it: `triggers[0].path`. */
export function issuesOf(error: z.ZodError, knownKeys: readonly string[] = []): ConfigIssue[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [{ path: pathText(issue.path), message: issue.message }];
    return issue.keys.map((key) => ({
      path: pathText([...issue.path, key]),
      message: `there is no such setting${didYouMean(key, knownKeys)}`,
    }));
  });
}

/** As in `, did you mean "max"?`; nothing when no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = closestOf(word, candidates);
  return near === undefined ? '' : `, did you mean "${near}"?`;
}

/** The candidate that a typo could have been meant for. */
export function closestOf(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const near = closest(word, [...candidates]);
  return distance(word, near) <= Math.max(2, Math.floor(word.length / 3)) ? near : undefined;
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, depth) => (typeof key === 'number' ? `[${key}]` : `${depth === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

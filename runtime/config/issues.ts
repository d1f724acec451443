import type { z } from 'zod';
import type { ConfigIssue } from '../invocation/errors.ts';
import { didYouMean } from './did-you-mean.ts';

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

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, depth) => (typeof key === 'number' ? `[${key}]` : `${depth === 0 ? '' : '.'}${String(key)}`))
    .join('');
}

import { createRequire } from 'node:module';
import type ms from 'ms';

/** Reads a duration: a number of ms, or a string such as `'30s'`. Returns ms, or undefined when it is none. */
export function parseDuration(value: unknown): number | undefined {
  const parsed = typeof value === 'string' ? parseText(value) : value;
  return typeof parsed === 'number' && parsed >= 0 ? parsed : undefined;
}

/** What `parseDuration` takes, for messages. */
export const durationExpected = 'a number of ms or a string such as "30s" or "5 min"';

/** Reads the longest that something may take: Infinity is no limit, and 0 none that anything can keep. */
export function parseTimeout(value: unknown): number | undefined {
  return parseDuration(value) || undefined;
}

/** What `parseTimeout` takes, for messages. */
export const timeoutExpected = 'a number of ms above 0 or a string such as "30s" or "5 min"';

let parse: typeof ms | undefined;

function parseText(text: string): number | undefined {
  if (text.trim() === '' || text.length > 100) return undefined; // ms throws on these
  // Loaded for the first text: the first CommonJS that is imported, here and in a worker, takes 2 ms and 130 KB.
  parse ??= createRequire(import.meta.url)('ms') as typeof ms;
  return parse(text as ms.StringValue) as number | undefined;
}

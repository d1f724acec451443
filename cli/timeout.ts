import ms, { type StringValue } from 'ms';
import { usageFailure } from './failure.ts';

/**
 * Reads a duration of the command line; returns ms.
 * @throws CommandFailure
 */
export function readTimeout(given: string): number {
  const isText = given.trim() !== '' && given.length <= longestText;
  const found = isText ? (ms(given as StringValue) as number | undefined) : undefined;
  if (found !== undefined && found > 0) return found;
  throw usageFailure(
    `Expected --timeout to be a number of ms or a duration such as 500, 10s or 2m, got ${JSON.stringify(given)}.`,
  );
}

// `ms` throws on an empty and on a longer text.
const longestText = 100;

import { parseDuration } from '../runtime/server/client.ts';
import { usageFailure } from './failure.ts';

/**
 * Reads a duration of the command line; returns ms.
 * @throws CommandFailure
 */
export function readTimeout(given: string): number {
  const found = parseDuration(given);
  if (found !== undefined && found > 0) return found;
  throw usageFailure(
    `Expected --timeout to be a number of ms or a duration such as 500, 10s or 2m, got ${JSON.stringify(given)}.`,
  );
}

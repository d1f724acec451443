import { parseTimeout } from '../runtime/server/client.ts';
import { usageFailure } from './failure.ts';

/**
 * Reads how long an invocation may take; returns ms, which may be Infinity, or undefined to leave it to the function.
 * @throws CommandFailure
 */
export function readTimeout(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const found = given === noLimit ? Number.POSITIVE_INFINITY : parseTimeout(given);
  if (found !== undefined) return found;
  throw usageFailure(
    `Expected --timeout to be a number of ms or a duration such as 500, 10s or 2m, or ${noLimit} for no limit, got ${JSON.stringify(given)}.`,
  );
}

const noLimit = 'Infinity';

import { usageFailure } from './failure.ts';

/**
 * Reads a whole number from 1 of the command line.
 * @throws CommandFailure
 */
export function readWholeNumber(
  option: string,
  given: string,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const found = Number(given);
  if (given.trim() !== '' && Number.isSafeInteger(found) && found >= 1 && found <= most) return found;
  const range = most === Number.MAX_SAFE_INTEGER ? 'of at least 1' : `from 1 to ${most}`;
  throw usageFailure(`Expected ${option} to be a whole number ${range}, got ${JSON.stringify(given)}.`);
}

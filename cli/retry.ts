import { mostAttempts, type RetrySettings } from '../runtime/server/client.ts';
import { readWholeNumber } from './whole-number.ts';

/**
 * Reads how often an invocation is to be tried; undefined leaves it to the function.
 * @throws CommandFailure
 */
export function readRetry(attempts: string | undefined): RetrySettings | undefined {
  return attempts === undefined
    ? undefined
    : { attempts: readWholeNumber('--attempts', attempts, mostAttempts) };
}

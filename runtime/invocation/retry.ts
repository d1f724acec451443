import { inMidst } from '../channel/midst.ts';
import type { PoolError } from '../errors/pool-errors.ts';
import { durationExpected, parseDuration } from '../options/duration.ts';
import { expectedText } from '../options/expected.ts';

/** The codes of the errors that another attempt may not meet again. Everything else is never tried again. */
export const retryCodes = ['FUNCTION_FAILED', 'TIMEOUT', 'WORKER_CRASHED', 'MEMORY_LIMIT'] as const;

/** A `code` that `retry.on` may name. */
export type RetryCode = (typeof retryCodes)[number];

/** How often an invocation is tried. */
export interface RetrySettings {
  /** The most attempts, the first one included. */
  attempts: number;
  /**
   * How long to wait before the second attempt, ms or a string; before each further one twice as long, up to a minute.
   * Of each wait a random part, up to half, is left out. Default: `'1s'`.
   */
  backoff?: number | string;
  /** After which errors, by their `code`. Default: all four. */
  on?: readonly RetryCode[];
}

/** The same as an option of `invoke`. */
export interface RetryOptions extends Omit<RetrySettings, 'on'> {
  /**
   * After which errors: a list of codes, or a function that is asked about each error that has one of these codes. What it
   * throws takes the place of that error.
   */
  on?: RetryPolicy['on'];
}

/** How often an invocation is tried, read. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly on: readonly RetryCode[] | ((error: PoolError) => boolean);
}

/** As a function sets it for itself: a predicate of the caller can't cross to the runtime. */
export type FunctionRetry = RetryPolicy & { readonly on: readonly RetryCode[] };

/** A run's message has two bytes for the number of its attempt. */
export const mostAttempts = 65_535;

export const attemptsExpected = `a whole number from 1 to ${mostAttempts}`;

/** What a policy is where the user leaves it open. Long enough for a program that restarts to be back. */
export const retryDefaults = { backoffMs: 1_000, on: retryCodes } as const;

/** A wait is not doubled beyond this: what is away for longer is looked for once a minute. */
const longestBackoffMs = 60_000;

/** How much of a wait is random: callers that failed together should not come back together. */
const jitter = 0.5;

/**
 * Reads the `retry` option of `invoke`.
 * @throws TypeError that says what was expected
 */
export function readRetry(value: unknown): RetryPolicy {
  if (typeof value !== 'object' || value === null) fail('retry', 'an object such as { attempts: 3 }', value);
  const { attempts, backoff, on = retryDefaults.on, ...unknown } = value as Record<string, unknown>;
  for (const name of Object.keys(unknown)) {
    throw new TypeError(
      `expected \`attempts\`, \`backoff\` and \`on\` in the \`retry\` option, got \`${name}\``,
    );
  }
  if (!isAttempts(attempts)) fail('retry.attempts', attemptsExpected, attempts);
  const backoffMs = backoff === undefined ? retryDefaults.backoffMs : parseDuration(backoff);
  if (backoffMs === undefined) fail('retry.backoff', durationExpected, backoff);
  if (!isCondition(on)) fail('retry.on', `a function or a list of ${retryCodes.join(', ')}`, on);
  return { attempts, backoffMs, on };
}

/**
 * How long to wait until the next attempt, in ms; undefined after an error that is not tried again. `attempt` is the one that failed.
 * @throws what the `on` of the caller throws
 */
export function waitAfter(error: PoolError, attempt: number, policy: RetryPolicy): number | undefined {
  if (!isRetried(error, policy)) return undefined;
  const { backoffMs } = policy;
  const ms = Math.min(backoffMs * 2 ** (attempt - 1), Math.max(backoffMs, longestBackoffMs));
  return ms * (1 - jitter * Math.random());
}

function isRetried(error: PoolError, { on }: RetryPolicy): boolean {
  if (!isRetryCode(error.code)) return false;
  if (typeof on !== 'function') return on.includes(error.code);
  const answer: unknown = inMidst(() => on(error));
  // A promise would be taken for a yes.
  if (typeof answer !== 'boolean')
    throw new TypeError(expectedText('`retry.on` to return true or false', answer), { cause: error });
  return answer;
}

export function isAttempts(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= mostAttempts;
}

function isCondition(value: unknown): value is RetryPolicy['on'] {
  return typeof value === 'function' || (Array.isArray(value) && value.every(isRetryCode));
}

function isRetryCode(value: unknown): value is RetryCode {
  return (retryCodes as readonly unknown[]).includes(value);
}

function fail(option: string, what: string, found: unknown): never {
  throw new TypeError(expectedText(`the \`${option}\` option to be ${what}`, found));
}

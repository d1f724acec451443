import { inspect } from 'node:util';
import { z } from 'zod';
import { durationExpected, parseDuration } from './duration.ts';

/** A zod `error` that says what was expected and what was found: `expected a string, got 5 (number)`. */
export function expected(what: string) {
  return ({ input }: { input?: unknown }) => expectedText(what, input);
}

export function expectedText(what: string, found: unknown): string {
  if (found === undefined) return `expected ${what}, got nothing`;
  const shown = inspect(found, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80 });
  return `expected ${what}, got ${shown} (${Array.isArray(found) ? 'array' : typeof found})`;
}

/** A duration; comes out in ms. */
export const duration = z
  .unknown()
  .refine((value) => parseDuration(value) !== undefined, { error: expected(durationExpected) })
  .transform((value) => parseDuration(value) as number);

export function wholeNumber(min: number) {
  return z.int({ error: expected(`a whole number of at least ${min}`) }).min(min, {
    error: expected(`a whole number of at least ${min}`),
  });
}

export function text(what = 'a string') {
  return z.string({ error: expected(what) }).min(1, { error: expected(what) });
}

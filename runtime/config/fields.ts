import { z } from 'zod';
import { durationExpected, parseDuration, parseTimeout, timeoutExpected } from '../options/duration.ts';
import { expected, expectedText } from '../options/expected.ts';
import { parseSize, sizeExpected } from '../options/size.ts';

/** A duration; comes out in ms. */
export const duration = z
  .unknown()
  .refine((value) => parseDuration(value) !== undefined, { error: expected(durationExpected) })
  .transform((value) => parseDuration(value) as number);

/** The longest that something may take; comes out in ms. */
export const timeout = z
  .unknown()
  .refine((value) => parseTimeout(value) !== undefined, { error: expected(timeoutExpected) })
  .transform((value) => parseTimeout(value) as number);

/** What memory a worker may have; comes out in bytes. */
export const size = z
  .unknown()
  .refine((value) => (parseSize(value) ?? 0) >= smallestSize, {
    error: ({ input }) => expectedText(parseSize(input) === undefined ? sizeExpected : enoughExpected, input),
  })
  .transform((value) => parseSize(value) as number);

/** No worker can do with less: a smaller number was meant in MB. */
const smallestSize = 2 ** 20;

const enoughExpected = 'at least "1mb", as a number it is in bytes';

/** A whole number, or Infinity. */
export function count(min: number) {
  const isCount = (value: unknown) =>
    value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) >= min);
  return z.custom<number>(isCount, { error: expected(`a whole number of at least ${min}, or Infinity`) });
}

export function wholeNumber(min: number) {
  return z.int({ error: expected(`a whole number of at least ${min}`) }).min(min, {
    error: expected(`a whole number of at least ${min}`),
  });
}

export function text(what = 'a string') {
  return z.string({ error: expected(what) }).min(1, { error: expected(what) });
}

import { z } from 'zod';
import { durationExpected, parseDuration } from '../options/duration.ts';
import { expected } from '../options/expected.ts';
import { parseSize, sizeExpected } from '../options/size.ts';

/** A duration; comes out in ms. */
export const duration = z
  .unknown()
  .refine((value) => parseDuration(value) !== undefined, { error: expected(durationExpected) })
  .transform((value) => parseDuration(value) as number);

/** A size; comes out in bytes. */
export const size = z
  .unknown()
  .refine((value) => parseSize(value) !== undefined, { error: expected(sizeExpected) })
  .transform((value) => parseSize(value) as number);

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

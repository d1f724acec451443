import { z } from 'zod';
import { durationExpected, parseDuration } from './duration.ts';
import { expected } from './expected.ts';

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

import * as v from 'valibot';
import { durationExpected, parseDuration, parseTimeout, timeoutExpected } from '../options/duration.ts';
import { expected, expectedText } from '../options/expected.ts';
import { parseSize, sizeExpected } from '../options/size.ts';
import { logLevels } from './logger.ts';

/** A duration; comes out in ms. */
export const duration = parsed(parseDuration, expected(durationExpected));

/** The longest that something may take; comes out in ms. */
export const timeout = parsed(parseTimeout, expected(timeoutExpected));

/** What memory a worker may have; comes out in bytes. */
export const size = parsed(
  (value) => {
    const bytes = parseSize(value);
    return bytes !== undefined && bytes >= smallestSize ? bytes : undefined;
  },
  ({ input }) => expectedText(parseSize(input) === undefined ? sizeExpected : enoughExpected, input),
);

/** No worker can do with less: a smaller number was meant in MB. */
const smallestSize = 2 ** 20;

const enoughExpected = 'at least "1mb", as a number it is in bytes';

/** A whole number, or Infinity. */
export function count(min: number) {
  const isCount = (value: unknown) => value === Number.POSITIVE_INFINITY || isWhole(value, min);
  return v.custom<number>(isCount, expected(`a whole number of at least ${min}, or Infinity`));
}

export function wholeNumber(min: number) {
  return v.custom<number>((value) => isWhole(value, min), expected(`a whole number of at least ${min}`));
}

export function text(what = 'a string') {
  return v.pipe(v.string(expected(what)), v.nonEmpty(expected(what)));
}

export const logLevel = v.picklist(logLevels, expected(`one of ${logLevels.join(', ')}`));

function isWhole(value: unknown, min: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min;
}

function parsed<Value>(parse: (value: unknown) => Value | undefined, message: ReturnType<typeof expected>) {
  return v.pipe(
    v.custom<string | number>((value) => parse(value) !== undefined, message),
    v.transform((value) => parse(value) as Value),
  );
}

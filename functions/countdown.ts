import { toStandardJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';
import { defineFunction } from 'warm-pool';

const wholeNumber = v.pipe(v.number(), v.integer(), v.minValue(0));

const numbersBetweenChecks = 10_000_000;

export default defineFunction({
  description: 'Counts down to zero: pure CPU work, to see what a pool of processes is worth',
  input: toStandardJsonSchema(v.strictObject({ from: v.optional(wholeNumber, 50_000_000) })),
  handler({ from }, ctx) {
    const startedAt = performance.now();
    let count = from;
    while (count > 0) {
      count--;
      if (count % numbersBetweenChecks === 0) ctx.progress({ left: count });
    }
    return { from, ms: Math.round(performance.now() - startedAt), pid: process.pid };
  },
});

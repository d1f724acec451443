import { defineFunction } from 'warm-pool';
import { z } from 'zod';

const numbersBetweenChecks = 10_000_000;

export default defineFunction({
  description: 'Counts down to zero: pure CPU work, to see what a pool of processes is worth',
  input: z.strictObject({ from: z.int().min(0).default(50_000_000) }),
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

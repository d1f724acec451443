import fs from 'node:fs';
import type { Invocation, PoolConfig } from 'warm-pool';
import { until } from '../support/wait.ts';
import { dying, type Open } from './support.ts';

/** Functions that fail, and those that show what happens beside them. */
export const retried = {
  // Fails as it is told, `times` times in a row, and notes each run.
  'functions/flaky.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    ${dying}
    export default async ({ times, how }, ctx) => {
      fs.appendFileSync(new URL('../runs', import.meta.url), ctx.attempt + ';');
      ctx.progress(ctx.attempt);
      if (ctx.attempt > times) return ctx.attempt + ' ' + ctx.invocationId;
      if (how === 'hang') await setTimeout(600_000);
      if (how === 'spin') for (;;);
      if (how === 'die') die();
      if (how === 'exit') process.exit(3);
      if (how === 'function') return () => {};
      throw Object.assign(new RangeError('attempt ' + ctx.attempt), { isTransient: ctx.attempt < 3 });
    };`,
  'functions/settled.js': `
    import { defineFunction } from 'warm-pool';
    export default defineFunction({
      retry: { attempts: 3, backoff: 1 },
      handler: (args, { attempt }) => {
        if (attempt < 3) throw new Error('attempt ' + attempt);
        return attempt;
      },
    });`,
  'functions/strict.js': `
    import fs from 'node:fs';
    import { defineFunction } from 'warm-pool';
    const validate = () => {
      fs.appendFileSync(new URL('../runs', import.meta.url), 'looked;');
      return { issues: [{ message: 'not this' }] };
    };
    export default defineFunction({
      retry: { attempts: 3, backoff: 1 },
      input: { '~standard': { version: 1, vendor: 'test', validate } },
      handler: () => 'never',
    });`,
};

/** A wait that no test sees the end of. */
export const hour = 3_600_000;

/** Opens a runtime on them; `runs` are the attempts that were made of all, in their order. */
export async function openRetried(open: Open, pool: PoolConfig = {}) {
  const { project, runtime } = await open({ max: 1, killGrace: 20, ...pool }, retried);
  const runs = () => (project.has('runs') ? fs.readFileSync(project.path('runs'), 'utf8') : '');
  return { project, runtime, runs };
}

/** Resolves when the next attempt is waited for. */
export function waiting(invocation: Invocation, attempt = 2): Promise<unknown> {
  return until('the wait for the next attempt', () => {
    return invocation.attempt === attempt && invocation.status === 'queued';
  });
}

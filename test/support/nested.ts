import assert from 'node:assert/strict';
import fs from 'node:fs';
import type { PoolError, Runtime } from 'warm-pool';
import type { Project } from './project.ts';
import { within } from './wait.ts';

/** Functions that call functions. */
export const nestedFunctions = {
  'functions/echo.js': 'export default (value) => value;',
  'functions/pid.js': 'export default () => process.pid;',
  // Calls itself until `depth` is 0, `width` times at each level, and counts the leaves.
  'functions/tree.js': `
    export default async ({ depth, width = 1 }, ctx) => {
      if (depth === 0) return 1;
      const calls = Array.from({ length: width }, () => ctx.invoke('tree', { depth: depth - 1, width }));
      return (await Promise.all(calls)).reduce((sum, leaves) => sum + leaves, 0);
    };`,
  // Goes down to a leaf that does not end, and notes the process of each level.
  'functions/chain.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export default async ({ depth, how }, ctx) => {
      fs.appendFileSync(new URL('../pids', import.meta.url), process.pid + ';');
      if (depth > 0) return ctx.invoke('chain', { depth: depth - 1, how });
      if (how === 'spin') for (;;);
      await setTimeout(600_000, undefined, { signal: ctx.signal });
    };`,
  'functions/caller.js': `
    export default async ({ name, args, options }, ctx) => {
      try {
        return { value: await ctx.invoke(name, args, options) };
      } catch (error) {
        const pool = await import('warm-pool');
        return {
          error,
          classes: Object.keys(pool).filter((name) => name.endsWith('Error') && error instanceof pool[name]),
        };
      }
    };`,
  'functions/throw.js': `
    class PhotoError extends Error {
      name = 'PhotoError';
    }
    export default (file) => {
      throw new PhotoError('no photo', { cause: Object.assign(new Error('the disk'), { file }) });
    };`,
  'functions/die.js': 'export default () => process.exit(7);',
  'functions/wait.js': `
    import { setTimeout } from 'node:timers/promises';
    export default (ms, ctx) => setTimeout(ms, 'waited', { signal: ctx.signal });`,
  'functions/context.js': `
    export default (args, { cwd, attempt, remainingTime }) => ({ args, cwd, attempt, left: remainingTime() });`,
};

/** What `caller` returns when what it has called fails: the error, and of which exported classes it is an instance. */
export interface Caught {
  readonly error: PoolError & Record<string, unknown>;
  readonly classes: readonly string[];
}

/** The processes that the functions of a chain have run in, from the top. */
export function pidsOf(project: Project): number[] {
  if (!project.has('pids')) return [];
  return fs.readFileSync(project.path('pids'), 'utf8').split(';').slice(0, -1).map(Number);
}

/** Every worker that is left takes an invocation. */
export async function allServe(runtime: Runtime): Promise<void> {
  await within('the drain', runtime.drain());
  const { workers } = runtime.stats();
  assert(workers.every(({ state }) => state !== 'busy'));
  const values = Array.from({ length: 20 }, (_, index) => index);
  const results = Promise.all(values.map((value) => runtime.invoke('echo', value)));
  assert.deepEqual(await within('what comes after it', results), values);
}

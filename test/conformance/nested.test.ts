import assert from 'node:assert/strict';
import { CancelledError } from 'warm-pool';
import { rejectionOf } from '../support/open-runtime.ts';
import { until, within } from '../support/wait.ts';
import { meet, notesOf, testEach } from './support.ts';

const max = 2;
const levels = 5;

/** Calls itself so many levels deep; the deepest one notes that it is there, and waits when it has to. */
const deep = `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export default async ({ level, wait }, ctx) => {
    if (level > 0) return 1 + (await ctx.invoke('deep', { level: level - 1, wait }));
    fs.appendFileSync(new URL('../notes', import.meta.url), 'deepest;');
    if (wait) await setTimeout(600_000, null, { signal: ctx.signal });
    return 0;
  };`;

testEach('functions that call others, with all workers waiting, come to their end', async (_t, open) => {
  const { runtime } = await open({ min: max, max }, { 'functions/deep.js': deep });
  const calls = Array.from({ length: 3 * max }, () => runtime.invoke<number>('deep', { level: levels }));
  assert.deepEqual(await within('all of them', Promise.all(calls)), Array(3 * max).fill(levels));
});

testEach('a cancel from the top ends all that wait below, and the workers serve again', async (_t, open) => {
  const opened = await open({ min: max, max, killGrace: '10 min' }, { 'functions/deep.js': deep });
  const { runtime } = opened;
  const calls = Array.from({ length: max }, () => runtime.invoke('deep', { level: levels, wait: true }));
  await until('the deepest', () => notesOf(opened).length === max);
  for (const call of calls) call.cancel('enough');
  for (const call of calls) await rejectionOf(call, CancelledError);
  await within('the drain', runtime.drain());
  const { cancelled, invocations } = runtime.stats().functions.deep ?? assert.fail('no figures');
  assert.deepEqual([cancelled, invocations], [max * (levels + 1), max * (levels + 1)]);
  await meet(opened, max);
});

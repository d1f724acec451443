import assert from 'node:assert/strict';
import type { Runtime } from 'warm-pool';
import type { Project } from '../support/project.ts';
import { within } from '../support/wait.ts';

/** A function that ends when as many workers are in it as were asked for: so each of them runs one, however slow. */
export const meeting = {
  'functions/meet.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export default async ({ folder, count }) => {
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(folder + '/' + process.pid, '');
      while (fs.readdirSync(folder).length < count) await setTimeout(5);
      return process.pid;
    };`,
};

let meetings = 0;

/** Has so many workers run something at the same time, and returns their pids. */
export async function meet({ runtime, project }: { runtime: Runtime; project: Project }, count: number) {
  const folder = project.path(`meeting-${++meetings}`);
  const invocations = Array.from({ length: count }, () => runtime.invoke<number>('meet', { folder, count }));
  const pids = await within(`${count} workers at once`, Promise.all(invocations));
  assert.equal(new Set(pids).size, count);
  return pids;
}

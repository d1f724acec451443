import type { Running } from './open-runtime.ts';
import { until } from './wait.ts';

/** A function that runs until a file is there. */
export const held = {
  'functions/held.js': `
    import fs from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    export default async (file) => { while (!fs.existsSync(file)) await setTimeout(5); };`,
};

let holds = 0;

/** Takes a worker, so that what comes next waits, however slow the machine is. What it returns lets the worker go. */
export async function holdWorker({ runtime, project }: Running): Promise<() => void> {
  const file = `go-${++holds}`;
  const holder = runtime.invoke('held', project.path(file));
  holder.catch(() => {}); // A test that fails leaves it behind.
  await until('the worker to be taken', () => holder.status === 'running');
  return () => project.write(file, '');
}

import { existsSync, readFileSync } from 'node:fs';
import { CancelledError } from 'warm-pool';
import { whoIs } from '../conformance/support.ts';
import { type Running, rejectionOf } from '../support/open-runtime.ts';
import { until } from '../support/wait.ts';

/** Writes down what happens to it, as lines of the file `events`. */
export const noting = (body: string) => `
  import fs from 'node:fs';
  const note = (what) => fs.appendFileSync(new URL('../events', import.meta.url), what + '\\n');
  ${body}`;

/** What has been noted so far. */
export const eventsOf = ({ project }: Running) =>
  existsSync(project.path('events'))
    ? readFileSync(project.path('events'), 'utf8').split('\n').slice(0, -1)
    : [];

/** Runs the function, cancels it when it has begun, and says who runs the next one. */
export async function cancelRunning(running: Running, name: string, reason?: unknown) {
  const { runtime } = running;
  const before = await whoIs(runtime);
  const count = eventsOf(running).length;
  const invocation = runtime.invoke(name);
  await until('it to begin', () => eventsOf(running).length > count);
  invocation.cancel(reason);
  const next = whoIs(runtime);
  await rejectionOf(invocation, CancelledError);
  return { before, after: await next };
}

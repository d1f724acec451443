import type { Config, Runtime } from 'warm-pool';
import { type Isolation, nameOf } from '../conformance/support.ts';

const inPool = (pool: string | undefined) =>
  pool === undefined ? '' : `export const config = { pool: '${pool}' };`;

/** Notes who loads it, and says who runs it. */
export const noted = (name: string, pool?: string) => `
  import fs from 'node:fs';
  import { threadId } from 'node:worker_threads';
  const who = process.pid + '.' + threadId;
  fs.appendFileSync(new URL('../loads', import.meta.url), '${name} ' + who + ';');
  export default () => ({ who, role: process.env.ROLE });
  ${inPool(pool)}`;

/** Ends when there is a file `go`; its result says what it was. */
export const held = (version: number, pool?: string) => `
  import fs from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  export default async () => {
    while (!fs.existsSync(new URL('../go', import.meta.url))) await setTimeout(5);
    return { version: ${version}, role: process.env.ROLE };
  };
  ${inPool(pool)}`;

/** A default pool and one for io, with a worker each; all of this kind. */
export function roles(isolation: Isolation, more: Config['pools'] = {}): Config {
  const pools = { io: { max: 1, env: { ROLE: 'io' } }, ...more };
  return allOf(isolation, { pool: { max: 1, env: { ROLE: 'default' } }, pools });
}

/** The same with all pools of this kind. */
export function allOf(isolation: Isolation, { pool, pools = {} }: Config): Config {
  const named = Object.entries(pools).map(([name, each]) => [name, { isolation, ...each }]);
  return { pool: { isolation, ...pool }, pools: Object.fromEntries(named) };
}

/** What `noted` returns. */
export interface Seen {
  readonly who: string;
  readonly role: string;
}

/** The workers of one of the pools. */
export function workersOf(runtime: Runtime, pool: string) {
  return runtime.stats().workers.filter((worker) => worker.pool === pool);
}

/** Who they are, as the function says it. */
export const namesIn = (runtime: Runtime, pool: string) => workersOf(runtime, pool).map(nameOf);

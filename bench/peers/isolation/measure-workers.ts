import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Runtime } from '../../../dist/runtime/index.js';
import type { EndOfWorker } from '../../functions/ends.ts';
import type { Job } from '../../harness/subject.ts';
import type { WorkerKind } from '../pools/pool.ts';
import { openRuntime } from './open-runtime.ts';
import { residentMB } from './resident-memory.ts';

/** So many workers more than one, for what each of them takes. */
export const moreWorkers = 4;

/** The time limit of what loops, and what it is given to end after that; less than the default, as neither is what is measured. */
export const limitMs = 100;

/** The heap of those that are to fill it. */
export const heapMB = 64;

// By then a process that is kept in reserve has been started.
const settleMs = 1_000;

/** From `createRuntime` until one worker is warm, in ms. */
export async function measureFirst(isolation: WorkerKind, job: Job): Promise<number> {
  const { createRuntime } = await import('../warm-pool.ts').then(({ loadWarmPool }) =>
    loadWarmPool(job.build),
  );
  // So that the library itself is loaded.
  await (await createRuntime({ cwd: job.folder, config: { functions: [] } })).close();
  const start = performance.now();
  const runtime = await openRuntime(job, { min: 1, max: 1, isolation });
  const ms = performance.now() - start;
  await runtime.close();
  return ms;
}

/** From a call, while the only worker is busy, until the result that another one gives, in ms. */
export async function measureAnother(isolation: WorkerKind, job: Job): Promise<number> {
  const runtime = await openRuntime(job, { min: 1, max: 2, isolation });
  await runtime.invoke('echo', 1);
  await delay(settleMs);
  const busy = runtime.invoke('waits', { kind: 'timer', ms: 10 * settleMs });
  busy.catch(() => {});
  const start = performance.now();
  await runtime.invoke('echo', 2);
  const ms = performance.now() - start;
  assert.equal(busy.status, 'running');
  await runtime.close({ timeout: 0 });
  return ms;
}

/** What each further worker takes of the machine's memory, in MB. */
export async function measureMemory(isolation: WorkerKind, job: Job): Promise<number> {
  const runtime = await openRuntime(job, { min: 1, max: 1 + moreWorkers, isolation });
  await meet(runtime, 1);
  await delay(settleMs);
  const before = await residentMB();
  await meet(runtime, 1 + moreWorkers);
  await delay(settleMs);
  const more = (await residentMB()) - before;
  await runtime.close();
  return more / moreWorkers;
}

/** So many workers are there, each with something to do at the same time. */
async function meet(runtime: Runtime, workers: number): Promise<void> {
  const wait = { kind: 'timer', ms: settleMs };
  await Promise.all(Array.from({ length: workers }, () => runtime.invoke('waits', wait)));
  assert.equal(runtime.stats().workers.length, workers);
}

/**
 * From the call of a function that ends its only worker until the result of the one that waits behind it, in ms: the end,
 * and the next worker.
 */
export async function measureEnd(how: EndOfWorker, isolation: WorkerKind, job: Job): Promise<number> {
  const runtime = await openRuntime(job, {
    min: 1,
    max: 1,
    isolation,
    killGrace: limitMs,
    execArgv: [`--max-old-space-size=${heapMB}`],
  });
  await runtime.invoke('echo', 1);
  await delay(settleMs);
  const start = performance.now();
  const ending = runtime.invoke('ends', how, how === 'loop' ? { timeout: limitMs } : {});
  const ended = assert.rejects(ending, { code: how === 'loop' ? 'TIMEOUT' : 'WORKER_CRASHED' });
  assert.equal(await runtime.invoke('echo', 2), 2);
  const ms = performance.now() - start;
  await ended;
  await runtime.close();
  return ms;
}

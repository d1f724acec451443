import assert from 'node:assert/strict';
import type { Job } from '../../harness/subject.ts';
import { bareSocket, type PoolContestant } from './contestants.ts';
import type { Pool } from './pool.ts';
import { assertAllWereBusy, findWorkers } from './verify.ts';

/** All pools are measured with as many workers. */
export const poolWorkers = 2;

/** Keeps a pool busy with `echo` for at least `ms`; resolves to the calls made in the time it took. */
export type Load = (pool: Pool, ms: number) => Promise<Served>;

export interface Served {
  readonly calls: number;
  readonly elapsedMs: number;
}

/**
 * Opens the pool that a job names, keeps it under this load until it is warm, and once more with the clock running.
 * With `sharesEvenly` all of its workers must have served. `check` is called before and after.
 */
export async function measureLoad(
  job: Job,
  contestants: readonly PoolContestant[],
  load: Load,
  options: {
    readonly warmUpMs: number;
    readonly windowMs: number;
    readonly sharesEvenly: boolean;
    readonly check?: (pool: Pool) => Promise<void>;
  },
): Promise<Served> {
  const contestant = contestants.find(({ name }) => name === job.contestant);
  assert.ok(contestant, `Expected a contestant, got \`${job.contestant}\``);
  const { kind } = contestant;
  const workers = contestant.name === bareSocket.name ? 1 : poolWorkers;

  const pool = await contestant.open({ workers, kind, build: job.build, folder: job.folder });
  await findWorkers(pool, kind, workers);
  await options.check?.(pool);
  const warmUp = await load(pool, options.warmUpMs);
  const measured = await load(pool, options.windowMs);
  if (options.sharesEvenly) {
    const checks = options.check ? 1 : 0;
    const calls = warmUp.calls + measured.calls + checks;
    assertAllWereBusy(await findWorkers(pool, kind, workers), calls);
  }
  await options.check?.(pool);
  await pool.close();
  return measured;
}

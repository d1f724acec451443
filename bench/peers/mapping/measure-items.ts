import type { Job } from '../../harness/subject.ts';
import type { Served } from '../pools/measure-load.ts';
import type { WorkerKind } from '../pools/pool.ts';
import { assertAllWereBusy, findWorkers } from '../pools/verify.ts';
import { type MappingPool, mapWorkers, type OpenMappingPool, type Order } from './mapping-pool.ts';
import { assertMapped } from './verify.ts';

/** How many items there are. */
export const itemCounts = { full: 100_000, quick: 10_000 };

// As for `invoke`: until calls stop getting faster.
const warmUpMs = { full: 1_500, quick: 500 };
export const windowMs = { full: 500, quick: 100 };

/** Measures how many tiny items a pool takes a second, in the order that the measure of the job names. */
export async function measureItems(open: OpenMappingPool, kind: WorkerKind, job: Job): Promise<number> {
  const length = job.quick ? 'quick' : 'full';
  const items = Array.from({ length: itemCounts[length] }, (_, item) => item);
  const order = job.measure as Order;

  const pool = await open({ workers: mapWorkers, kind, build: job.build, folder: job.folder });
  await findWorkers(pool, kind, mapWorkers);
  const warmUp = await mapAgainAndAgain(pool, items, order, warmUpMs[length]);
  const measured = await mapAgainAndAgain(pool, items, order, windowMs[length]);
  assertAllWereBusy(await findWorkers(pool, kind, mapWorkers), warmUp.calls + measured.calls);
  await pool.close();
  return measured.calls / (measured.elapsedMs / 1000);
}

async function mapAgainAndAgain(
  pool: MappingPool,
  items: readonly number[],
  order: Order,
  ms: number,
): Promise<Served> {
  let calls = 0;
  let elapsedMs = 0;
  while (elapsedMs < ms) {
    const start = performance.now();
    const results = await pool.map('echo', items, order);
    elapsedMs += performance.now() - start;
    assertMapped(results, items, order);
    calls += items.length;
  }
  return { calls, elapsedMs };
}

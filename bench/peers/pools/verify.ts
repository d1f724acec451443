import assert from 'node:assert/strict';
import type { Whereabouts } from '../../functions/whereabouts.ts';
import type { Pool, WorkerKind } from './pool.ts';

// A few for each worker: also a pool that gives a worker several calls at once fills all its workers with these.
const questionsPerWorker = 6;
// Two workers that share the calls evenly serve 50 % each. Below this one of them was hardly in use.
const smallestShare = 0.1;

/** Asks a pool for its workers, and asserts that they are as many and of the kind that the table says. */
export async function findWorkers(
  pool: Pick<Pool, 'whereabouts'>,
  kind: WorkerKind,
  count: number,
): Promise<Whereabouts[]> {
  const answers = await Promise.all(
    Array.from({ length: count * questionsPerWorker }, () => pool.whereabouts()),
  );
  const workers = new Map(answers.map((answer) => [`${answer.pid}/${answer.threadId}`, answer]));
  assert.equal(workers.size, count, `Expected ${count} workers to answer, got ${workers.size}`);
  for (const { pid, threadId } of workers.values()) {
    if (kind === 'process') {
      assert.notEqual(pid, process.pid, 'Expected a worker in another process');
      assert.equal(threadId, 0, 'Expected a process worker to run functions on its main thread');
    } else {
      assert.equal(pid, process.pid, 'Expected a worker in this process');
      assert.notEqual(threadId, 0, 'Expected a worker on another thread');
    }
  }
  return [...workers.values()];
}

/** Asserts that all of `calls` were served by these workers, and that none of them stood by. */
export function assertAllWereBusy(workers: readonly Whereabouts[], calls: number): void {
  const served = workers.map((worker) => worker.served);
  const total = served.reduce((sum, share) => sum + share, 0);
  assert.equal(total, calls, `Expected ${calls} calls to have been served, got ${total}`);
  assert.ok(
    Math.min(...served) >= total * smallestShare,
    `Expected all workers to be busy, but they served ${served.join(' and ')} calls`,
  );
}

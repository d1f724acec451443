import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import type { Job, Subject } from '../harness/subject.ts';
import { type PoolContestant, poolContestants } from '../peers/pools/contestants.ts';
import { measureLoad, poolWorkers, type Served } from '../peers/pools/measure-load.ts';
import type { Pool } from '../peers/pools/pool.ts';

// One in each worker, and one that is on its way to it or back.
const inFlight = 2 * poolWorkers;

const sizes: Readonly<Record<string, number>> = {
  '1-kb': 2 ** 10,
  '64-kb': 2 ** 16,
  '1-mb': 2 ** 20,
  '16-mb': 2 ** 24,
};

// Some dozens of the largest, and until the code on both sides is optimized.
const warmUpMs = { full: 1_000, quick: 500 };
const windowMs = { full: 1_000, quick: 300 };

// It sends JSON to its processes, in which a Buffer comes back as an object of numbers.
const carryNoBytes = new Set(['tinypool processes', 'workerpool processes']);

const contestants: readonly PoolContestant[] = poolContestants.map((contestant) =>
  carryNoBytes.has(contestant.name) ? { ...contestant, measures: [] } : contestant,
);

const subject: Subject = {
  title: `a function that returns the Buffer it is given, two workers, ${inFlight} in flight`,
  measures: [
    { name: '1-kb', title: '1 KB', unit: '/s' },
    { name: '64-kb', title: '64 KB', unit: '/s' },
    { name: '1-mb', title: '1 MB', unit: '/s' },
    { name: '16-mb', title: '16 MB', unit: '/s' },
  ],
  contestants,
  rounds: { full: 5, quick: 1 },
  notes: [
    'Random bytes; the length of every result is looked at, and every byte of the first and the last. The caller keeps its ' +
      'Buffer: nothing is transferred away from it.',
  ],
  measure,
};

export default subject;

async function measure(job: Job): Promise<number> {
  const length = job.quick ? 'quick' : 'full';
  const bytes = randomFillSync(Buffer.alloc(sizes[job.measure] as number));
  const { calls, elapsedMs } = await measureLoad(job, contestants, (pool, ms) => echoFor(pool, bytes, ms), {
    warmUpMs: warmUpMs[length],
    windowMs: windowMs[length],
    sharesEvenly: true,
    check: (pool) => assertReturned(pool, bytes),
  });
  return calls / (elapsedMs / 1000);
}

async function echoFor(pool: Pool, bytes: Buffer, ms: number): Promise<Served> {
  const start = performance.now();
  let calls = 0;
  const caller = async () => {
    while (performance.now() - start < ms) {
      calls += 1;
      const { byteLength } = (await pool.echo(bytes)) as Uint8Array;
      assert.equal(byteLength, bytes.byteLength);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { calls, elapsedMs: performance.now() - start };
}

async function assertReturned(pool: Pool, bytes: Buffer): Promise<void> {
  const returned = await pool.echo(bytes);
  assert.ok(returned instanceof Uint8Array, 'Expected bytes to come back as bytes');
  assert.ok(bytes.equals(returned), 'Expected the bytes that were sent');
}

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import echo from '../../functions/echo.ts';
import type { Job } from '../../harness/subject.ts';
import type { PoolOfPlace } from './contestants.ts';
import { openRuntime } from './open-runtime.ts';

export const burstSize = 20_000;
const inFlight = 4;
const megabyte = 2 ** 20;

const warmUpMs = { full: 1_500, quick: 500 };
const windowMs = { full: 1_000, quick: 200 };

type Call = (args: unknown) => PromiseLike<unknown>;

/** Makes calls for so long, and resolves to how many there were in a ms. */
type Load = (call: Call, ms: number) => Promise<number>;

/** Measures calls of a function that returns its argument: µs for one, or how many a second. */
export async function measureCalls(
  measure: string,
  pool: PoolOfPlace | undefined,
  job: Job,
): Promise<number> {
  const length = job.quick ? 'quick' : 'full';
  const load = loads[measure];
  assert.ok(load, `Expected a load, got \`${measure}\``);
  const rate = async (call: Call) => {
    await load(call, warmUpMs[length]);
    return load(call, windowMs[length]);
  };
  const perMs = await (pool ? inPool(pool, job, rate) : rate(async (args) => echo(args)));
  return measure === 'sequential' ? 1_000 / perMs : perMs * 1_000;
}

async function inPool(
  { kind, workers }: PoolOfPlace,
  job: Job,
  rate: (call: Call) => Promise<number>,
): Promise<number> {
  const runtime = await openRuntime(job, { min: workers, max: workers, isolation: kind });
  const perMs = await rate((args) => runtime.invoke('echo', args));
  assert.equal(runtime.stats().workers.filter(({ isolation }) => isolation === kind).length, workers);
  await runtime.close();
  return perMs;
}

const loads: Readonly<Record<string, Load>> = {
  async sequential(call, ms) {
    const start = performance.now();
    let calls = 0;
    while (performance.now() - start < ms) assert.equal(await call(calls), calls++);
    return calls / (performance.now() - start);
  },
  async burst(call, ms) {
    const start = performance.now();
    let calls = 0;
    while (performance.now() - start < ms) {
      const results = await Promise.all(Array.from({ length: burstSize }, (_, id) => call(id)));
      assert.ok(results.every((result, id) => result === id));
      calls += burstSize;
    }
    return calls / (performance.now() - start);
  },
  async '1-mb'(call, ms) {
    const bytes = randomFillSync(Buffer.alloc(megabyte));
    const start = performance.now();
    let calls = 0;
    const caller = async () => {
      while (performance.now() - start < ms) {
        calls++;
        const result = (await call(bytes)) as Buffer;
        assert.equal(result.length, megabyte);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
    const perMs = calls / (performance.now() - start);
    assert.ok(bytes.equals((await call(bytes)) as Buffer), 'Expected the bytes that were sent');
    return perMs;
  },
};

import assert from 'node:assert/strict';
import type { Job, Subject } from '../harness/subject.ts';
import { bareSocket, type PoolContestant, poolContestants } from '../peers/pools/contestants.ts';
import { type Load, measureLoad } from '../peers/pools/measure-load.ts';
import type { EchoArgs, Pool } from '../peers/pools/pool.ts';

const inFlight = 64;
const burstSize = 20_000;

// How long a load is kept up before the clock starts. On two busy cores the pools take 0.5 to 1.2 s until their calls
// stop getting faster: code is optimized on both sides, and some finish their start while they serve already.
const warmUpMs = { full: 1_500, quick: 1_000 };
// Thousands of calls of the slowest pool, and some collections of garbage.
const windowMs = { full: 500, quick: 200 };

type MeasureName = 'sequential' | 'in-flight' | 'burst';

const loads: Record<MeasureName, { load: Load; toReading(calls: number, elapsedMs: number): number }> = {
  sequential: { load: oneAfterAnother, toReading: microsecondsPerCall },
  'in-flight': { load: manyInFlight, toReading: callsPerSecond },
  burst: { load: bursts, toReading: callsPerSecond },
};

const contestants: readonly PoolContestant[] = [
  ...poolContestants,
  { ...bareSocket, measures: ['sequential'] satisfies MeasureName[] },
];

const subject: Subject = {
  title: 'a function that returns its argument, two workers',
  measures: [
    { name: 'sequential', title: 'one after another', unit: 'µs' },
    { name: 'in-flight', title: `${inFlight} in flight`, unit: '/s' },
    { name: 'burst', title: `burst of ${burstSize.toLocaleString('en-US')}`, unit: '/s' },
  ],
  contestants,
  rounds: { full: 5, quick: 1 },
  notes: [
    'Arguments of about 70 bytes of JSON; every result is compared with what was sent. Starting the pools is not included: ' +
      'each is open, was asked for its two workers, and served the same load before the clock starts.',
    'One after another: the time of a call when the next one waits for it. In flight: calls a second, the next one sent when ' +
      'one returns. Burst: calls a second when all are made in one turn.',
  ],
  measure,
};

export default subject;

async function measure(job: Job): Promise<number> {
  const { load, toReading } = loads[job.measure as MeasureName];
  const length = job.quick ? 'quick' : 'full';
  const { calls, elapsedMs } = await measureLoad(job, contestants, load, {
    warmUpMs: warmUpMs[length],
    windowMs: windowMs[length],
    sharesEvenly: job.measure !== 'sequential',
  });
  return toReading(calls, elapsedMs);
}

async function oneAfterAnother(pool: Pool, ms: number) {
  const start = performance.now();
  let calls = 0;
  while (performance.now() - start < ms) {
    await callOnce(pool, calls);
    calls += 1;
  }
  return { calls, elapsedMs: performance.now() - start };
}

async function manyInFlight(pool: Pool, ms: number) {
  const start = performance.now();
  let calls = 0;
  const caller = async () => {
    while (performance.now() - start < ms) {
      const id = calls;
      calls += 1;
      await callOnce(pool, id);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { calls, elapsedMs: performance.now() - start };
}

async function bursts(pool: Pool, ms: number) {
  let calls = 0;
  let elapsedMs = 0;
  while (elapsedMs < ms) {
    const sent = Array.from({ length: burstSize }, (_, id) => argsOf(id));
    const start = performance.now();
    const received = await Promise.all(sent.map((args) => pool.echo(args)));
    elapsedMs += performance.now() - start;
    assert.deepEqual(received, sent);
    calls += burstSize;
  }
  return { calls, elapsedMs };
}

async function callOnce(pool: Pool, id: number): Promise<void> {
  const result = (await pool.echo(argsOf(id))) as EchoArgs;
  if (result.id !== id || result.sizes.length !== 2) {
    throw new Error(`Expected call ${id} to return its argument, got ${JSON.stringify(result)}`);
  }
}

function argsOf(id: number): EchoArgs {
  return { id, name: 'DSC_0412.JPG', sizes: [1024, 256] };
}

function microsecondsPerCall(calls: number, elapsedMs: number): number {
  return (elapsedMs * 1000) / calls;
}

function callsPerSecond(calls: number, elapsedMs: number): number {
  return calls / (elapsedMs / 1000);
}

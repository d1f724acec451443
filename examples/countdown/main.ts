// The same countdown four times: one after another in this program, in threads, and in processes; three rounds of it.
import { availableParallelism } from 'node:os';
import { createRuntime, type Runtime } from 'warm-pool';
import countdown from './functions/countdown.ts';

const times = 4;
const secondsEach = 0.8;
const rounds = 3;
const runtimes: Runtime[] = [];
const workers = Math.min(times, availableParallelism());

const from = countThatTakes(secondsEach);
console.log(`counting down from ${from.toLocaleString('en')}, ${times} times, with ${workers} workers`);

const ways = {
  'one after another': () => {
    for (let time = 0; time < times; time++) countdown({ from });
  },
  'in threads': await countingIn('thread'),
  'in processes': await countingIn('process'),
};

// In turn, and of each the least: what else the machine does only ever makes it longer.
const least: Record<string, number> = {};
for (let round = 0; round < rounds; round++) {
  for (const [way, count] of Object.entries(ways)) {
    least[way] = Math.min(least[way] ?? Number.POSITIVE_INFINITY, await secondsOf(count));
  }
}
const alone = least['one after another'] ?? Number.NaN;
for (const [way, seconds] of Object.entries(least)) {
  console.log(`${way.padEnd(18)} ${seconds.toFixed(2)} s  ${(alone / seconds).toFixed(2)} x`);
}
await Promise.all(runtimes.map((runtime) => runtime.close()));

/** In a pool whose workers have started. */
async function countingIn(isolation: 'thread' | 'process'): Promise<() => Promise<unknown>> {
  const runtime = await createRuntime({
    cwd: import.meta.dirname,
    config: { functions: './functions', pool: { isolation, min: workers, max: workers } },
  });
  runtimes.push(runtime);
  return () => Promise.all(Array.from({ length: times }, () => runtime.invoke('countdown', { from })));
}

async function secondsOf(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

/** By processor time, which stays the same when there is other work. The first ones run before the compiler has been. */
function countThatTakes(seconds: number): number {
  const trial = 100_000_000;
  const trials = Array.from({ length: 4 }, () => {
    const before = process.cpuUsage();
    countdown({ from: trial });
    return process.cpuUsage(before).user / 1e6;
  });
  return Math.ceil((trial * seconds) / Math.min(...trials));
}

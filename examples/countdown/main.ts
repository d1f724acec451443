// The same countdown four times: one after another in this program, in threads, and in processes.
import { availableParallelism } from 'node:os';
import { createRuntime } from 'warm-pool';
import countdown from './functions/countdown.ts';

const times = 4;
const secondsEach = 0.8;
const workers = Math.min(times, availableParallelism());

const from = countThatTakes(secondsEach);
console.log(`counting down from ${from.toLocaleString('en')}, ${times} times, with ${workers} workers`);

const alone = await secondsOf(() => {
  for (let time = 0; time < times; time++) countdown({ from });
});
tell('one after another', alone);
tell('in threads', await secondsIn('thread'));
tell('in processes', await secondsIn('process'));

/** Of a pool whose workers have started. */
async function secondsIn(isolation: 'thread' | 'process'): Promise<number> {
  await using runtime = await createRuntime({
    cwd: import.meta.dirname,
    config: { functions: './functions', pool: { isolation, min: workers, max: workers } },
  });
  return await secondsOf(() =>
    Promise.all(Array.from({ length: times }, () => runtime.invoke('countdown', { from }))),
  );
}

async function secondsOf(work: () => unknown): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

function tell(how: string, seconds: number): void {
  console.log(`${how.padEnd(18)} ${seconds.toFixed(2)} s  ${(alone / seconds).toFixed(2)} x`);
}

/** By processor time, which stays the same when there is other work. The first rounds run before the compiler has been. */
function countThatTakes(seconds: number): number {
  const trial = 100_000_000;
  const rounds = Array.from({ length: 4 }, () => {
    const before = process.cpuUsage();
    countdown({ from: trial });
    return process.cpuUsage(before).user / 1e6;
  });
  return Math.ceil((trial * seconds) / Math.min(...rounds));
}

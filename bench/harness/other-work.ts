import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { spreadOf } from './statistics.ts';

// The kernel counts in ticks of 10 ms: 20 of them on each core tell one tenth of a machine from nothing.
const sampleMs = 200;
// More than this and the ratios move too: a contestant with more threads gets more of a contended machine.
const tolerableShare = 0.1;

/**
 * Waits until other programs leave the cores alone, at most `patienceMs`. Resolves to the share of the cores that they
 * kept busy in the end, 0 to 1.
 */
export async function waitForQuiet(patienceMs: number, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const share = await sampleOtherWork(signal);
    if (share <= tolerableShare || performance.now() >= deadline) {
      return share;
    }
  }
}

/** Says how quiet the machine was, and what to think of the figures if it wasn't. */
export function describeOtherWork(samples: readonly number[]): string {
  const share = spreadOf(samples).median;
  const observed = `Between the readings other programs kept ${Math.round(share * 100)} % of the cores busy (median)`;
  return share > tolerableShare ? `${observed}: TOO MUCH, measure again on a quiet machine.` : `${observed}.`;
}

// Watches the cores for a moment in which we do nothing ourselves.
async function sampleOtherWork(signal: AbortSignal): Promise<number> {
  const before = ticks();
  await delay(sampleMs, undefined, { signal });
  const after = ticks();
  const total = after.total - before.total;
  return total === 0 ? 0 : 1 - (after.idle - before.idle) / total;
}

function ticks(): { total: number; idle: number } {
  let total = 0;
  let idle = 0;
  for (const { times } of os.cpus()) {
    total += times.user + times.nice + times.sys + times.idle + times.irq;
    idle += times.idle;
  }
  return { total, idle };
}

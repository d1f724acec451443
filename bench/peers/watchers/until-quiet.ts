import { setTimeout as delay } from 'node:timers/promises';

const windowMs = 100;
const quietShare = 0.03;
const giveUpMs = 90_000;

/** Resolves when this process, with all its threads, has computed next to nothing for as many windows of 100 ms. */
export async function untilQuiet(windows: number): Promise<void> {
  const deadline = performance.now() + giveUpMs;
  let quiet = 0;
  while (quiet < windows) {
    if (performance.now() > deadline) {
      throw new Error(`Expected the process to come to rest within ${giveUpMs / 1000} s`);
    }
    quiet = (await shareOfCore()) < quietShare ? quiet + 1 : 0;
  }
}

// By the time that has passed, not by the one that was asked for: a timer may be late.
async function shareOfCore(): Promise<number> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await delay(windowMs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / (performance.now() - start);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlFile } from './control-file.ts';
import { isAnswered } from './is-answered.ts';

/** Resolves when a runtime that was told to stop has ended. */
export async function untilGone({ pid, address }: ControlFile): Promise<void> {
  // Its address goes when everything else of it has been closed; what is left then is the end of the process.
  while (isAlive(pid) && (await isAnswered(address))) await sleep(lookAgainMs);
  const lastLook = performance.now() + longestEndMs;
  while (isAlive(pid) && performance.now() < lastLook) await sleep(lookAgainMs);
}

const lookAgainMs = 20;

// An ended process whose parent has not asked for its exit code keeps its pid: it is gone all the same.
const longestEndMs = 2000;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

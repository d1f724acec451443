import { setTimeout as sleep } from 'node:timers/promises';
import { fateOf } from '../store/process-identity.ts';
import type { ControlFile } from './control-file.ts';
import { isAnswered } from './is-answered.ts';

/** Resolves when a runtime that was told to stop has ended. */
export async function untilGone({ pid, address }: ControlFile): Promise<void> {
  // Its address goes when everything else of it has been closed; what is left then is the end of the process.
  while (isThere(pid) && (await isAnswered(address))) await sleep(lookAgainMs);
  const lastLook = performance.now() + longestEndMs;
  while (isThere(pid) && performance.now() < lastLook) await sleep(lookAgainMs);
}

const lookAgainMs = 20;

// An ended process whose parent has not asked for its exit code keeps its pid, and not every system tells it apart.
const longestEndMs = 2000;

function isThere(pid: number): boolean {
  return fateOf({ pid, startedAt: '' }) !== 'ended';
}

import { setTimeout as delay } from 'node:timers/promises';

// A killed process is gone at once, but counts until init has reaped it: 1 to 2 s were seen in a small virtual machine.
const goneWithinMs = 5_000;
const lookAgainMs = 5;

/**
 * Kills what is left of a process group and resolves when nothing of it is there any more. The group is that of a
 * process started with `detached: true`. Windows has no process groups: there only the process itself is killed.
 */
export async function endProcessGroup(leader: number): Promise<void> {
  const deadline = performance.now() + goneWithinMs;
  while (signalGroup(leader, 'SIGKILL') && performance.now() < deadline) {
    await delay(lookAgainMs);
  }
}

/** Sends a signal to the group; false when nobody is left in it. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(process.platform === 'win32' ? leader : -leader, signal);
  } catch {
    return false;
  }
}

import { setTimeout as delay } from 'node:timers/promises';

const withinMs = 120_000;
const lookAgainMs = 20;

/** Resolves when the condition holds; rejects when it doesn't in good time. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await delay(lookAgainMs);
  }
}

import { setTimeout as delay } from 'node:timers/promises';

/**
 * How long a test waits for what has to happen. Generous: the machines that run tests are slow and shared. Where one has
 * so much else to do that this is not enough, `POOL_TEST_DEADLINE=300000` makes it more.
 */
export const deadlineMs = Number(process.env.POOL_TEST_DEADLINE ?? 30_000);

const lookAgainMs = 10;

/** Looks again and again until the condition holds and returns its value; fails with `what` at the deadline. */
export async function until<Value>(
  what: string,
  condition: () => Value | Promise<Value>,
  ms = deadlineMs,
): Promise<NonNullable<Value>> {
  const end = performance.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<Value>;
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for: ${what}`);
    await delay(lookAgainMs);
  }
}

/** The promise's value, or a failure with `what` at the deadline. */
export async function within<Value>(what: string, promise: Promise<Value>, ms = deadlineMs): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a process of this pid exists (a zombie counts as gone). */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  const { readFile } = await import('node:fs/promises');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
}

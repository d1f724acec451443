import type { Runtime } from '../../runtime/index.ts';

/** Ends a runtime and its workers at once. Resolves when they are gone, or after a second: workers follow us anyway. */
export async function killRuntime(runtime: Runtime): Promise<void> {
  let deadline: NodeJS.Timeout | undefined;
  const given = new Promise<void>((resolve) => {
    deadline = setTimeout(resolve, longestKillMs);
  });
  await Promise.race([runtime.close({ timeout: 0 }), given]).catch(() => {});
  clearTimeout(deadline);
}

// Killing takes a few ms. A worker ends by itself when its parent is gone, so that giving up leaves nothing behind.
const longestKillMs = 1000;

import { requestJson, SilenceError } from './request.ts';

/**
 * Looks now and then whether a runtime that works for us still answers, and calls back once when it doesn't. Ends with
 * the signal.
 */
export async function watchForSilence(
  address: string,
  { onSilence, signal }: { onSilence: () => void; signal: AbortSignal },
): Promise<void> {
  const { setTimeout: sleep } = await import('node:timers/promises');
  try {
    for (;;) {
      await sleep(lookAgainMs, undefined, { signal });
      await requestJson({ address, method: 'GET', path: '/status', signal });
    }
  } catch (error) {
    // Anything else is told by the request that is being waited for.
    if (error instanceof SilenceError) onSilence();
  }
}

const lookAgainMs = 2000;

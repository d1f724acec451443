/**
 * Cancels an invocation in another process when a signal aborts: `ask` tells the runtime why, and how the invocation ended is
 * then in its answer. Returns the signal for what can't be done so: it aborts, with the same reason, when the
 * runtime refuses or says nothing for a while, and the connection is to be closed, which cancels as well.
 */
export function cancelBeforeClosing(
  signal: AbortSignal,
  ask: (reason: string, closing: AbortSignal) => Promise<unknown>,
): AbortSignal {
  const closing = new AbortController();
  const close = () => closing.abort(signal.reason);
  const cancel = () => {
    setTimeout(close, longestCancelMs).unref();
    ask((signal.reason as Error).message, closing.signal).catch(close);
  };
  if (signal.aborted) close();
  else signal.addEventListener('abort', cancel, { once: true });
  return closing.signal;
}

// It takes some ms. Whoever pressed Ctrl-C should not wait much longer for a runtime that doesn't answer.
const longestCancelMs = 2000;

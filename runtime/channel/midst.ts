/**
 * Whether the runtime is in the middle of something, in this thread: it passes on messages, or calls code of the user, a
 * subscriber or a logger, that may call the runtime in turn. What is done by halves there must not meet what the next
 * messages bring.
 */
let depth = 0;

export function isInMidst(): boolean {
  return depth > 0;
}

/** Calls something that others find the runtime in the middle of. */
export function inMidst<Result>(work: () => Result): Result {
  depth++;
  try {
    return work();
  } finally {
    depth--;
  }
}

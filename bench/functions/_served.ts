// On globalThis, because a pool may load each function module as a copy of its own. A worker thread has its own.
const key = Symbol.for('warm-pool-bench.served');
const counter = globalThis as typeof globalThis & { [key]?: number };

/** Counts one call that this worker served. */
export function countServed(): void {
  counter[key] = servedSoFar() + 1;
}

/** The calls this worker has served since it started. */
export function servedSoFar(): number {
  return counter[key] ?? 0;
}

/**
 * Makes an error that came from the runtime an instance of its class: what says so is a brand (see
 * errors/pool-errors.ts, which is not imported: every cold start would pay for it). The symbols are the same ones.
 */
export function asPoolError(value: unknown): unknown {
  if (!(value instanceof Error) || !('code' in value)) return value;
  for (const brand of ['warm-pool.error', `warm-pool.error.${String(value.code)}`]) {
    Object.defineProperty(value, Symbol.for(brand), { value: true });
  }
  return value;
}

/** The time in ms since 1970, to the µs: what processes agree on, to some 10 µs. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

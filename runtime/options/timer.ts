/** setTimeout takes no more: what is longer would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** Whether a duration is short enough to be waited for; Infinity and anything beyond 24 days means no limit. */
export function isLimit(ms: number): boolean {
  return ms <= longestTimerMs;
}

/** Calls back after so many ms; never, when that is no limit. */
export function startTimer(callback: () => void, ms: number): NodeJS.Timeout | undefined {
  return isLimit(ms) ? setTimeout(callback, ms) : undefined;
}

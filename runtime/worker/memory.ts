/**
 * The resident memory of this process in MB, at most `maxAgeMs` old: reading it costs more than a short function.
 * `now` is the time of performance.now().
 */
export function residentMemoryMB(now = performance.now()): number {
  if (now - readAt > maxAgeMs) {
    readAt = now;
    last = Math.round(process.memoryUsage.rss() / 2 ** 20);
  }
  return last;
}

const maxAgeMs = 20;
let readAt = Number.NEGATIVE_INFINITY;
let last = 0;

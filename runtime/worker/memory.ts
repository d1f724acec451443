import { isMainThread } from 'node:worker_threads';

/**
 * The memory of this worker in MB, at most `maxAgeMs` old, because reading it costs more than a short function: what is
 * resident of a process; the heap and the buffers of a thread, which has nothing else of its own.
 * `now` is the time of performance.now().
 */
export function memoryMB(now = performance.now(), maxAgeMs = usualAgeMs): number {
  if (now - readAt > maxAgeMs) {
    readAt = now;
    last = Math.round((isMainThread ? process.memoryUsage.rss() : threadBytes()) / 2 ** 20);
  }
  return last;
}

function threadBytes(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}

const usualAgeMs = 20;
let readAt = Number.NEGATIVE_INFINITY;
let last = 0;

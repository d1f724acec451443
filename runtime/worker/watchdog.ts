import { Worker } from 'node:worker_threads';
import { overrunOffset } from '../channel/journal/format.ts';
import { journalFd } from '../channel/start.ts';
import { dying, guardWords, killFactor } from './memory-guard.ts';

/**
 * Ends this process when its runtime is gone, or when what runs uses more memory than it may, also while a function
 * blocks the event loop. A thread compares the parent's pid and reads the resident memory: measured, it costs 2 ms to
 * start and 9 MB, and ended a blocked orphan in under 0.5 s. `memory` is what a MemoryGuard shares.
 */
export function startWatchdog(runtimePid: number, memory: SharedArrayBuffer): void {
  const watchdog = new Worker(watchdogSource, {
    eval: true,
    workerData: {
      ...{ runtimePid, memory, guardWords, dying, killFactor, journalFd, overrunOffset },
      ...{ longestMs, shortestMs, fastestMBPerMs },
    },
    // 4 MB of old space is too little for a thread to start.
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
  });
  watchdog.unref();
  // A worker without its watchdog still works; an idle one still ends with its socket.
  watchdog.on('error', () => {});
}

/** How soon it is seen that the runtime is gone. */
const longestMs = 250;

/**
 * What a function can take at the most, so that it is looked at again before it can be where it is ended: one thread that
 * fills buffers took 2 MB in each ms, and there may be another one.
 */
const fastestMBPerMs = 4;

/** As often as that only close to it, where a look takes 50 µs: what is taken in this time is what it can be past it. */
const shortestMs = 5;

// As text, because a thread from a file would have to load it, and through the loaders that the user's options name.
const watchdogSource = `
const fs = require('node:fs');
const { workerData } = require('node:worker_threads');
const { runtimePid, memory, guardWords, dying, killFactor, journalFd, overrunOffset } = workerData;
const { longestMs, shortestMs, fastestMBPerMs } = workerData;
const words = new Int32Array(memory);
const isGone = () => {
  if (process.ppid !== runtimePid) return true;
  try { process.kill(runtimePid, 0); return false; } catch (error) { return error.code === 'ESRCH'; }
};
const end = (run, usedMB) => {
  // Not when it has ended meanwhile: the next one is innocent.
  if (Atomics.compareExchange(words, guardWords.run, run, dying) !== run) return;
  const limitMB = Atomics.load(words, guardWords.limitMB);
  try {
    fs.writeSync(journalFd, Buffer.from(Int32Array.of(run, Math.round(usedMB), limitMB).buffer), 0, 12, overrunOffset);
  } catch {
    // Without a journal it is a worker that was killed.
  }
  process.kill(process.pid, 'SIGKILL');
};
// How much more this run, or one that begins before the next look, can take before it has to be ended.
const roomMB = (run, usedMB) => {
  const leastLimitMB = Atomics.load(words, guardWords.leastLimitMB);
  const ofNext = Math.max(leastLimitMB * killFactor - usedMB, leastLimitMB * (killFactor - 1));
  if (run <= 0) return ofNext;
  const killMB = Atomics.load(words, guardWords.killMB);
  if (usedMB > killMB) end(run, usedMB);
  return Math.min(killMB - usedMB, ofNext);
};
for (;;) {
  if (isGone()) process.kill(process.pid, 'SIGKILL');
  const run = Atomics.load(words, guardWords.run);
  const ms = roomMB(run, process.memoryUsage.rss() / 2 ** 20) / fastestMBPerMs;
  if (run === 0 && ms < longestMs) {
    // Whoever begins wakes it.
    Atomics.store(words, guardWords.isAsleep, 1);
    // One that began just before that has seen nobody to wake.
    if (Atomics.load(words, guardWords.run) === 0) Atomics.wait(words, guardWords.isAsleep, 1, longestMs);
    Atomics.store(words, guardWords.isAsleep, 0);
  } else {
    Atomics.wait(words, guardWords.nothing, 0, Math.min(Math.max(ms, shortestMs), longestMs));
  }
}
`;

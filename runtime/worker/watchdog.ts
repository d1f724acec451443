import { Worker } from 'node:worker_threads';
import { overrunOffset } from '../channel/journal.ts';
import { journalFd } from '../channel/start.ts';
import { dying } from './memory-guard.ts';

/**
 * Ends this process when its runtime is gone, or when what runs uses more memory than it may, also while a function
 * blocks the event loop. A thread compares the parent's pid and reads the resident memory: measured, it costs 2 ms to
 * start and 9 MB, and ended a blocked orphan in under 0.5 s. `memory` is what a MemoryGuard shares.
 */
export function startWatchdog(runtimePid: number, memory: SharedArrayBuffer): void {
  const watchdog = new Worker(watchdogSource, {
    eval: true,
    workerData: { runtimePid, memory, dying, journalFd, overrunOffset, intervalMs, closeIntervalMs },
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

const intervalMs = 250;

/** From half of its limit on: a function that fills memory in a loop takes some 100 MB in that time. */
const closeIntervalMs = 25;

// As text, because a thread from a file would have to load it, and through the loaders that the user's options name.
const watchdogSource = `
const fs = require('node:fs');
const { workerData } = require('node:worker_threads');
const { runtimePid, memory, dying, journalFd, overrunOffset, intervalMs, closeIntervalMs } = workerData;
const words = new Int32Array(memory);
const isGone = () => {
  if (process.ppid !== runtimePid) return true;
  try { process.kill(runtimePid, 0); return false; } catch (error) { return error.code === 'ESRCH'; }
};
const memoryIsClose = () => {
  const run = Atomics.load(words, 0);
  if (run <= 0) return false;
  const usedMB = process.memoryUsage.rss() / 2 ** 20;
  const killMB = Atomics.load(words, 1);
  const limitMB = Atomics.load(words, 2);
  if (usedMB <= killMB) return usedMB > killMB / 2;
  // Not when it has ended meanwhile: the next one is innocent.
  if (Atomics.compareExchange(words, 0, run, dying) !== run) return true;
  try {
    fs.writeSync(journalFd, Buffer.from(Int32Array.of(run, Math.round(usedMB), limitMB).buffer), 0, 12, overrunOffset);
  } catch {
    // Without a journal it is a worker that was killed.
  }
  process.kill(process.pid, 'SIGKILL');
};
const look = () => {
  if (isGone()) process.kill(process.pid, 'SIGKILL');
  setTimeout(look, memoryIsClose() ? closeIntervalMs : intervalMs);
};
look();
`;

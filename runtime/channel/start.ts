/** How a worker is told what it needs before its first message. */
import type { MessagePort } from 'node:worker_threads';

/**
 * The worker's file descriptors of the channel: a socket for each direction. A write to a worker that has just died closes
 * its socket, and what the worker had sent must be there to be read still.
 */
export const toWorkerFd = 3;
export const toRuntimeFd = 6;

/** The worker's file descriptor of its journal (see journal/format.ts); there is none where the platform has no unlinked files. */
export const journalFd = 4;

/** The worker's file descriptors of shared memory: result-area.ts and arena.ts; none where that can't be had. */
export const resultFd = 5;
export const arenaFd = 7;

const runtimePidVariable = 'WARM_POOL_RUNTIME_PID';
const tunedVariable = 'WARM_POOL_TUNED';

// One worker per core runs one invocation at a time: more threads and allocation arenas cost memory and bring nothing.
const tuning: Readonly<Record<string, string>> = { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' };

/**
 * The environment of a worker is that of the user; what is added to it is removed again by `take`, so that functions
 * and the programs they start don't see it.
 */
export const startEnvironment = {
  give(env: NodeJS.ProcessEnv, runtimePid: number): NodeJS.ProcessEnv {
    const tuned = Object.keys(tuning).filter((name) => env[name] === undefined);
    const added = { [runtimePidVariable]: String(runtimePid), [tunedVariable]: tuned.join() };
    return { ...env, ...Object.fromEntries(tuned.map((name) => [name, tuning[name]])), ...added };
  },
  take(env: NodeJS.ProcessEnv): { runtimePid: number } {
    const runtimePid = Number(env[runtimePidVariable]);
    for (const name of env[tunedVariable]?.split(',') ?? []) delete env[name];
    delete env[runtimePidVariable];
    delete env[tunedVariable];
    return { runtimePid };
  },
};

/** What a worker thread starts with. */
export interface ThreadStart {
  /** Its end of the channel. */
  readonly port: MessagePort;
  /** See JournalMemory. */
  readonly journal: SharedArrayBuffer;
  /** A 32-bit number: how many bytes of what the thread sent have been read, modulo 2^32. */
  readonly read: SharedArrayBuffer;
  /** See NativeLoads. */
  readonly nativeLoads: SharedArrayBuffer;
}

/** Takes it out of the thread's `workerData`, which functions see as well. */
export function takeThreadStart(workerData: Partial<ThreadStart>): ThreadStart {
  const start = { ...workerData } as ThreadStart;
  for (const key of Object.keys(start)) Reflect.deleteProperty(workerData, key);
  return start;
}

/** How a worker process is told what it needs before its first message. */

/** The worker's file descriptor of the channel. */
export const channelFd = 3;

/** The worker's file descriptor of its journal (see journal.ts); there is none where the platform has no unlinked files. */
export const journalFd = 4;

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

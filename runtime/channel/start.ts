/** How a worker process is told what it needs before its first message. */

/** The worker's file descriptor of the channel. */
export const channelFd = 3;

/** The worker's file descriptor of its marks (see marks.ts); there is none where the platform has no unlinked files. */
export const marksFd = 4;

const runtimePidVariable = 'WARM_POOL_RUNTIME_PID';

/** Travels in an environment variable, which `take` removes again: functions see the environment of the user. */
export const startEnvironment = {
  give: (runtimePid: number): Record<string, string> => ({ [runtimePidVariable]: String(runtimePid) }),
  take(env: NodeJS.ProcessEnv): { runtimePid: number } {
    const runtimePid = Number(env[runtimePidVariable]);
    delete env[runtimePidVariable];
    return { runtimePid };
  },
};

import type { PoolSettings } from '../config/pool-settings.ts';
import type { HostHandlers, WorkerHost } from './worker-host.ts';
import { WorkerProcess } from './worker-process.ts';
import { WorkerThread } from './worker-thread.ts';

/** Starts what a worker of this pool runs in. */
export function startHost(
  { isolation, execArgv, env }: PoolSettings,
  { onMessage, onLine, onExit }: HostHandlers,
): WorkerHost {
  const Host = isolation === 'thread' ? WorkerThread : WorkerProcess;
  return new Host({ execArgv, env, onMessage, onLine, onExit });
}

import { ConnectionError, type ControlClient, RuntimeStoppingError } from '../../runtime/server/client.ts';
import { CommandFailure } from '../failure.ts';
import type { Call, Project } from './project.ts';

/** A project through its running runtime. `startOwn` is the way out when that turns out to be on its way out. */
export function attachedProject(running: ControlClient, startOwn: () => Promise<Project>): Project {
  // Many calls may find out at the same time.
  let own: Promise<Project> | undefined;
  const orOwn = async <Result>(
    attached: () => Promise<Result>,
    instead: (project: Project) => Promise<Result>,
  ) => {
    try {
      return await attached();
    } catch (error) {
      if (!hasNotBegun(error)) throw error;
      own ??= startOwn();
      return instead(await own);
    }
  };
  return {
    invoke: (name, call) =>
      orOwn(
        () => invokeThere(running, name, call),
        (project) => project.invoke(name, call),
      ),
    functions: () =>
      orOwn(
        () => running.functions(),
        (project) => project.functions(),
      ),
    // One that could not be started was told to whoever called.
    close: async () => (await own?.catch(() => undefined))?.close(),
    kill: async () => (await own?.catch(() => undefined))?.kill(),
  };
}

async function invokeThere(running: ControlClient, name: string, { signal, ...call }: Call) {
  try {
    const onSilence = () => process.stderr.write(silenceNote(running.control.pid));
    return await running.invoke(name, { ...call, cwd: process.cwd() }, { signal, onSilence });
  } catch (error) {
    if (!signal.aborted) throw error;
    // Nobody is left there to tell how it ended: the cancellation is the end, as it is with a runtime of our own.
    const message = `The invocation of "${name}" was cancelled: ${(signal.reason as Error).message}`;
    throw new CommandFailure({ name: 'CancelledError', code: 'CANCELLED', message, functionName: name });
  }
}

function silenceNote(pid: number): string {
  return `pool: The runtime (pid ${pid}) does not answer any more. Waiting for it all the same; Ctrl-C gives up.\n`;
}

/** It ended between the look and the call, or is closing: the work can be done elsewhere without being done twice. */
function hasNotBegun(error: unknown): boolean {
  return error instanceof RuntimeStoppingError || (error instanceof ConnectionError && !error.wasSent);
}

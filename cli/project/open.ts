import { findRuntime } from '../../runtime/server/client.ts';
import type { CommonOptions } from '../command.ts';
import { attachedProject } from './attached.ts';
import type { Project } from './project.ts';

/** Opens the project that the command line means, through its running runtime if there is one. */
export async function openProject(options: CommonOptions): Promise<Project> {
  // The runtime, and all that it needs, is loaded only where one has to be started.
  const startOwn = async () => (await import('./own.ts')).ownProject(options);
  const running = await findRuntime({ cwd: process.cwd(), config: options.config });
  if (!running) return startOwn();
  if (options.logLevel !== undefined) process.stderr.write(logLevelNote(running.control.pid));
  return attachedProject(running, startOwn);
}

function logLevelNote(pid: number): string {
  const place = `the running runtime (pid ${pid}) logs to the output of \`pool start\``;
  return `pool: --log-level has no effect here: ${place}, at the level that was set there.\n`;
}

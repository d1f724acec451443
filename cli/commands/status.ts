import type { FileInfo } from '../../runtime/index.ts';
import type { ControlClient } from '../../runtime/server/client.ts';
import type { Command, CommonOptions } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';

export const statusCommand: Command = {
  usage: 'status',
  description: 'Show what the running runtime does',
  examples: [
    ['$0 status', 'Its workers, triggers and functions; exit code 69 when none is running'],
    ['$0 status --json | jq .stats.queued', 'How many invocations wait'],
  ],
  run: status,
};

async function status(options: CommonOptions): Promise<ExitCode> {
  const [
    { findProject, findRuntime, RuntimeStoppingError },
    { notRunningFailure },
    { printJson },
    { printStatus },
  ] = await Promise.all([
    import('../../runtime/server/client.ts'),
    import('../failure.ts'),
    import('../output/terminal.ts'),
    import('../output/status.ts'),
  ]);
  const running = await findRuntime({ cwd: process.cwd(), config: options.config });
  if (!running) throw notRunningFailure(findProject(process.cwd(), options.config).root);
  const found = await running.status();
  if (options.json) printJson(found);
  else {
    const noneIfStopping = (error: unknown): FileInfo[] => {
      if (error instanceof RuntimeStoppingError) return [];
      throw error;
    };
    const setAside = found.state === 'stopping' ? [] : await someSetAside(running).catch(noneIfStopping);
    printStatus(found, setAside);
  }
  return exitCodes.done;
}

/** `pool files` has all of them. */
const mostSetAside = 5;

async function someSetAside(running: ControlClient): Promise<FileInfo[]> {
  const some: FileInfo[] = [];
  for await (const file of running.files(['setAside'])) {
    some.push(file);
    if (some.length === mostSetAside) break;
  }
  return some;
}

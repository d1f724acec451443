import type { Command, CommonOptions } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';

export const stopCommand: Command = {
  usage: 'stop',
  description: 'Stop the running runtime; what runs finishes first',
  examples: [['$0 stop', 'As Ctrl-C in its terminal, and waits until it is gone']],
  run: stop,
};

async function stop(options: CommonOptions): Promise<ExitCode> {
  const [{ findProject, findRuntime, untilGone }, { notRunningFailure }, { printJson }, { printStopping }] =
    await Promise.all([
      import('../../runtime/server/client.ts'),
      import('../failure.ts'),
      import('../output/terminal.ts'),
      import('../output/stopping.ts'),
    ]);
  const running = await findRuntime({ cwd: process.cwd(), config: options.config });
  if (!running) throw notRunningFailure(findProject(process.cwd(), options.config).root);
  const { pid, ...state } = await running.stop();
  if (!options.json) printStopping(pid, state);
  await untilGone(running.control);
  if (options.json) printJson({ stopped: true, pid });
  else process.stderr.write('It is gone.\n');
  return exitCodes.done;
}

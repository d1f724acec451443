import type { Command, CommonOptions } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';

export const startCommand: Command = {
  usage: 'start',
  description: 'Start the runtime with its triggers, and keep it warm for the other commands',
  examples: [
    ['$0 start', 'Ctrl-C lets what runs finish; a second one kills'],
    ['$0 start 2> pool.log', 'Logs go to stderr: JSON lines unless that is a terminal'],
  ],
  run: start,
};

async function start({ config, logLevel, json, verbose }: CommonOptions): Promise<ExitCode> {
  const [{ createLogger }, { canShowLiveLine }, { Backlogs }, { Service }] = await Promise.all([
    import('../output/logger.ts'),
    import('../output/live-line.ts'),
    import('../backlog/backlogs.ts'),
    import('../service.ts'),
  ]);
  const log = createLogger({ json, verbose });
  const service = new Service(log, canShowLiveLine() && !json ? new Backlogs(log) : undefined);
  await service.start({ config, logLevel });
  await service.untilStopped();
  return exitCodes.done;
}

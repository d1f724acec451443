import type { Command, CommonOptions } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';

interface DescribeOptions extends CommonOptions {
  readonly function: string;
}

export const describeCommand: Command<DescribeOptions> = {
  usage: 'describe <function>',
  description: 'Show what a function takes and how it has fared',
  positionals: { function: { type: 'string', describe: 'Its name' } },
  examples: [
    ['$0 describe thumbnail', 'Its file, settings and input'],
    ['$0 describe thumbnail --json | jq .inputSchema', 'Its input as JSON Schema'],
  ],
  run: describe,
};

async function describe(options: DescribeOptions): Promise<ExitCode> {
  const [{ readFunctions }, { functionNotFound }, { printDescription }, { printJson }] = await Promise.all([
    import('../project/functions.ts'),
    import('../../runtime/server/client.ts'),
    import('../output/description.ts'),
    import('../output/terminal.ts'),
  ]);
  const functions = await readFunctions(options);
  const found = functions.find(({ name }) => name === options.function);
  if (!found) {
    throw functionNotFound(options.function, { among: functions.map(({ name }) => name) });
  }
  if (options.json) printJson(found);
  else printDescription(found);
  return exitCodes.done;
}

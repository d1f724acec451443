import type { FunctionInfo } from '../../runtime/index.ts';
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
  const [{ readFunctions }, { functionNotFound }] = await Promise.all([
    import('../project/functions.ts'),
    import('../../runtime/server/client.ts'),
  ]);
  const functions = await readFunctions(options);
  const found = functions.find(({ name }) => name === options.function);
  if (!found) {
    throw functionNotFound(options.function, { among: functions.map(({ name }) => name) });
  }
  await print(found, options);
  return exitCodes.done;
}

async function print(info: FunctionInfo, options: CommonOptions): Promise<void> {
  const [{ functionJson }, { printDescription }, { printJson }] = await Promise.all([
    import('../output/function-json.ts'),
    import('../output/description.ts'),
    import('../output/terminal.ts'),
  ]);
  if (options.json) printJson(functionJson(info, options));
  else printDescription(info, options);
}

import type { Command, CommonOptions } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';

export const listCommand: Command = {
  usage: 'list',
  description: 'List the functions of the project',
  examples: [
    ['$0 list', 'Names, timeouts and descriptions'],
    [`$0 list --json | jq -r '.[].name'`, 'Their names alone'],
  ],
  run: list,
};

async function list(options: CommonOptions): Promise<ExitCode> {
  const [{ readFunctions }, { functionJson }, { printFunctionList }, { printJson }] = await Promise.all([
    import('../project/functions.ts'),
    import('../output/function-json.ts'),
    import('../output/function-list.ts'),
    import('../output/terminal.ts'),
  ]);
  const functions = await readFunctions(options);
  if (options.json) printJson(functions.map((each) => functionJson(each, options)));
  else printFunctionList(functions);
  return exitCodes.done;
}

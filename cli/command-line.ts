import yargs, { type Argv, type Options } from 'yargs';
import { logLevels, version } from '../runtime/server/client.ts';
import { standardInput } from './arguments.ts';
import type { Command, CommonOptions } from './command.ts';
import { describeCommand } from './commands/describe.ts';
import { filesCommand } from './commands/files.ts';
import { invokeCommand } from './commands/invoke.ts';
import { listCommand } from './commands/list.ts';
import { mapCommand } from './commands/map.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { stopCommand } from './commands/stop.ts';
import { endOfOptionsOption, markPositionals, optionsOf, withoutMarks } from './end-of-options.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { usageFailure } from './failure.ts';
import { readLogLevel } from './log-level.ts';
import { lastOf } from './repeated-option.ts';
import { explainUsage, type RefusedCommandLine } from './usage.ts';

/** @throws CommandFailure that says what is wrong with the command line and what was probably meant */
export async function parseCommandLine(args: readonly string[]): Promise<() => Promise<ExitCode>> {
  // Where yargs answers by itself (`--help`, `--version`), nothing is left to run.
  let run = async (): Promise<ExitCode> => exitCodes.done;
  const given = markPositionals(args).map((arg) => (arg === '-' ? standardInput : arg));
  const parser = declareCommon(yargs(given));
  declareCommands(parser, commands, (command, options) => {
    // It is only noted what to run: yargs has its own ideas of how the error of a command ends.
    run = () => command.run(options);
  });
  parser.fail((message: string | null, error?: Error) => {
    // Nothing of ours runs inside of yargs: what it throws is about the command line as well.
    const found = withoutMarks(message ?? error?.message ?? 'The command line is wrong');
    throw usageFailure(explainUsage(found, { args, ...known(args) }));
  });
  if (args.length === 0) {
    parser.showHelp('error');
    return async () => exitCodes.usage;
  }
  const { cwd } = await parser.parseAsync();
  if (cwd !== undefined) enter(cwd);
  return run;
}

const commands: readonly Command[] = [
  startCommand,
  invokeCommand,
  mapCommand,
  listCommand,
  describeCommand,
  statusCommand,
  filesCommand,
  stopCommand,
];

const commonOptions = {
  config: {
    type: 'string',
    requiresArg: true,
    coerce: lastOf,
    describe: 'Configuration file; else the nearest pool.config.*',
  },
  cwd: { type: 'string', requiresArg: true, coerce: lastOf, describe: 'Run as if started in this folder' },
  'log-level': {
    type: 'string',
    requiresArg: true,
    coerce: (given: string) => readLogLevel(lastOf(given)),
    describe: `Log from this level on: ${logLevels.join(', ')}`,
  },
  verbose: { type: 'boolean', default: false, describe: 'Print errors with their stacks' },
  json: { type: 'boolean', default: false, describe: 'Print JSON, for programs' },
} as const satisfies Record<string, Options>;

function declareCommon(parser: Argv) {
  return parser
    .scriptName('pool')
    .usage('$0 <command>\n\nRuns a folder of functions in warm worker processes.')
    .options(commonOptions)
    .options(endOfOptionsOption)
    .help()
    .alias('help', 'h')
    .version(version)
    .epilogue(exitCodesInWords)
    .locale('en')
    .wrap(Math.min(widestHelp, process.stdout.columns ?? widestHelp))
    .parserConfiguration({
      // A dot is a character like any other; no option has a `--no-` form.
      'dot-notation': false,
      'boolean-negation': false,
    })
    .strict()
    .exitProcess(false);
}

const exitCodesInWords =
  'Exit codes: 0 done, 1 the function failed, 2 usage, configuration or invalid input,\n' +
  '69 no runtime could be reached or started, 124 timed out, 130 interrupted.';

const widestHelp = 100;

type OnCommand = (command: Command, options: CommonOptions) => void;

function declareCommands(parser: Argv, among: readonly Command[], onCommand: OnCommand): void {
  for (const command of among) {
    parser.command(
      command.usage,
      command.description,
      (own) => declare(own, command, onCommand),
      (options) => onCommand(command, options as unknown as CommonOptions),
    );
  }
}

function declare(parser: Argv, command: Command, onCommand: OnCommand): Argv {
  const { positionals = {}, options = {}, subcommands = [], examples } = command;
  for (const [name, positional] of Object.entries(positionals)) {
    parser.positional(name, { ...positional, coerce: withoutMarks });
  }
  for (const [commandLine, description] of examples) parser.example(commandLine, description);
  for (const [name, option] of Object.entries(options)) parser.option(name, { ...option, global: false });
  declareCommands(parser, subcommands, onCommand);
  return parser;
}

function known(args: readonly string[]): Omit<RefusedCommandLine, 'args'> {
  const words = optionsOf(args);
  const command = named(words, commands);
  const subcommand = named(words, command?.subcommands ?? []);
  const options = { ...commonOptions, ...(subcommand ?? command)?.options, help: {}, version: {} };
  return {
    command: command && [command, ...(subcommand ? [subcommand] : [])].map(nameOf).join(' '),
    knownCommands: commands.map(nameOf),
    knownOptions: Object.keys(options).map((name) => `--${name}`),
  };
}

function named(words: readonly string[], among: readonly Command[]): Command | undefined {
  return words.flatMap((word) => among.find((each) => nameOf(each) === word) ?? [])[0];
}

function nameOf({ usage }: Command): string {
  return usage.split(' ', 1)[0] as string;
}

/** `--cwd`: the search for the project, relative paths and `ctx.cwd` all begin there. */
function enter(folder: string): void {
  try {
    process.chdir(folder);
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? "doesn't exist" : (error as Error).message;
    throw usageFailure(`Expected --cwd to be a folder, but ${folder} ${reason}.`);
  }
}

import { didYouMean } from '../runtime/server/client.ts';

/** A command line that yargs refused. */
export interface RefusedCommandLine {
  readonly args: readonly string[];
  /** The command it names, if there is one of that name. */
  readonly command: string | undefined;
  readonly knownCommands: readonly string[];
  readonly knownOptions: readonly string[];
}

/** Rewrites what yargs says of a command line into sentences that help; a name near a typo is suggested. */
export function explainUsage(message: string, refused: RefusedCommandLine): string {
  const [, unknown] = /^Unknown (?:argument|command)s?: (.*)$/.exec(message) ?? [];
  if (unknown !== undefined) return explainUnknown(unknown.split(', '), refused);
  const [, option] = /^Not enough arguments following: (.*)$/.exec(message) ?? [];
  if (option !== undefined) return `Option --${option} needs a value.`;
  if (message.startsWith('Not enough non-option arguments')) {
    return `\`pool ${refused.command}\` needs the name of a function: \`pool list\` shows all.`;
  }
  return message.endsWith('.') ? message : `${message}.`;
}

function explainUnknown(names: readonly string[], refused: RefusedCommandLine): string {
  const { args, command, knownCommands, knownOptions } = refused;
  const help = `\`pool ${command === undefined ? '' : `${command} `}--help\` shows what there is.`;
  const options = names.flatMap((name) => writtenOption(name, args) ?? []);
  if (options.length > 0) {
    const pool = command === undefined ? '`pool`' : `\`pool ${command}\``;
    const sentences = options.map((each) => `${pool} has no option ${each}${suggestion(each, knownOptions)}`);
    return `${sentences.join(' ')} ${help}`;
  }
  const [name = ''] = names;
  if (command === undefined && knownCommands.includes(name))
    return `The command stands before \`--\`, as in \`pool ${name}\`. ${help}`;
  if (command === undefined) return `There is no command "${name}"${suggestion(name, knownCommands)} ${help}`;
  return `\`pool ${command}\` has no place for the argument "${name}". ${help}`;
}

/** How an option stands on the command line. yargs lists `--dry-run` a second time as `dryRun`, which stands nowhere. */
function writtenOption(name: string, args: readonly string[]): string | undefined {
  return [`--${name}`, `-${name}`].find((dashed) => args.some((arg) => arg.split('=')[0] === dashed));
}

/** Ends a sentence with what was probably meant. */
function suggestion(word: string, candidates: readonly string[]): string {
  return didYouMean(word, candidates) || '.';
}

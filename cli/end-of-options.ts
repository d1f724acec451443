import type { Options } from 'yargs';

// yargs puts what follows `--` aside until the command has its arguments, where nobody asks for it any more; and of a
// positional that begins with a dash it makes an option once more. So it is given a command line without `--`.

/** The arguments before `--`: no option stands after it. */
export function optionsOf(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end === -1 ? args : args.slice(0, end);
}

/** The command line as yargs takes it: what follows `--` is marked, so that it looks like no option and no command. */
export function markPositionals(args: readonly string[]): string[] {
  const options = optionsOf(args);
  if (options.length === args.length) return [...options];
  const positionals = args.slice(options.length + 1);
  return [
    ...options,
    `--${endOfOptions}=true`,
    ...positionals.map((each) => (each === '-' ? each : mark + each)),
  ];
}

/** A text from yargs, without the marks in it. */
export function withoutMarks<Text extends string | readonly string[] | undefined>(given: Text): Text {
  if (given === undefined) return given;
  if (typeof given === 'string') return given.replaceAll(mark, '') as Text;
  return given.map((each) => each.replaceAll(mark, '')) as unknown as Text;
}

const endOfOptions = 'end-of-options';

/** Stands where `--` stood: the option before it can't take what follows for its value. */
export const endOfOptionsOption = {
  [endOfOptions]: { type: 'boolean', hidden: true },
} as const satisfies Record<string, Options>;

/** No argument of a process can have it. */
const mark = '\0';

import { usageFailure } from './failure.ts';

/** What an option was given, on the command line once or several times. */
type Given = string | readonly string[];

/** For an option that may stand there again, as after an alias of the shell that has it: the last one counts. */
export function lastOf(given: Given): string {
  return typeof given === 'string' ? given : (given.at(-1) as string);
}

/**
 * For an option of which two make no sense together.
 * @throws CommandFailure
 */
export function onlyOne(option: string) {
  return (given: Given): string => {
    if (typeof given === 'string') return given;
    throw usageFailure(`Option ${option} is given ${given.length} times: once is all that can be meant.`);
  };
}

import { type ExitCode, exitCodes } from './exit-codes.ts';

let isMeant = false;

/** Ends the program at once, with an exit code that is its answer. */
export function exitWith(code: ExitCode): never {
  answerWith(code);
  process.exit();
}

/** The command is done: this is the exit code of the program when it ends. */
export function answerWith(code: ExitCode): void {
  isMeant = true;
  process.exitCode = code;
}

/**
 * From here on the program doesn't end as if all were well before the command has answered: a configuration can call
 * `process.exit()`, and a promise that nothing is left to settle ends a program without a word.
 */
export function expectAnswer(): void {
  process.once('exit', (code) => {
    if (isMeant || code !== 0) return;
    process.exitCode = exitCodes.usage;
    process.stderr.write(
      'pool: The program was ended before the command had an answer. Does the configuration, or something that it ' +
        'imports, call `process.exit()` or await what never comes?\n',
    );
  });
}

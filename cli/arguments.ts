import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { usageFailure } from './failure.ts';

/** Where the arguments of an invocation come from: at most one of them. */
export interface ArgumentSource {
  /** `-` reads standard input, as `--args-file -` does. */
  readonly input: string | undefined;
  readonly args: string | undefined;
  readonly argsFile: string | undefined;
}

/** What stands for `-` once the command line is parsed: yargs makes an empty text of a lone dash. */
export const standardInput = '(standard input)';

/**
 * Reads the arguments of an invocation; undefined when none are given.
 * @throws CommandFailure
 */
export async function readArguments({ input, args, argsFile }: ArgumentSource): Promise<unknown> {
  if ([input, args, argsFile].filter((each) => each !== undefined).length > 1) {
    throw usageFailure('The arguments are given more than once: use one of --args, --args-file and `-`.');
  }
  if (input !== undefined && input !== standardInput) {
    throw usageFailure(
      `Unexpected argument ${JSON.stringify(input)}: the arguments of the function go into --args, as JSON.`,
    );
  }
  if (args !== undefined && args !== standardInput) return parse(args, '--args');
  if (argsFile !== undefined && argsFile !== standardInput)
    return parse(decode(await read(argsFile), argsFile), argsFile);
  const fromStdin = [input, args, argsFile].includes(standardInput);
  return fromStdin
    ? parse(decode(await buffer(process.stdin), 'standard input'), 'standard input')
    : undefined;
}

async function read(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? "it doesn't exist" : message;
    throw usageFailure(`--args-file ${file} can't be read: ${reason}.`);
  }
}

/** As text; a byte order mark, which editors on Windows begin a file with, is no part of it. */
function decode(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw usageFailure(`Expected ${source} to be JSON in UTF-8, but it has bytes that are no UTF-8.`);
  }
}

function parse(json: string, source: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const found = json.trim() === '' ? 'it is empty' : (error as Error).message;
    throw usageFailure(
      `Expected ${source} to be JSON, but ${found}. In a shell, put JSON into single quotes: --args '{"name":"value"}'.`,
    );
  }
}

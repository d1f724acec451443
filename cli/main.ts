#!/usr/bin/env node
import { parseCommandLine } from './command-line.ts';
import { optionsOf } from './end-of-options.ts';
import { answerWith, expectAnswer } from './exit.ts';
import { exitCodes } from './exit-codes.ts';
import { printConsoleOnStderr } from './output/console.ts';
import { watchOutput } from './output/watch-output.ts';

void main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const output = watchOutput({ onLost: () => answerWith(exitCodes.failed) });
  expectAnswer();
  const exitCode = await run(args);
  answerWith(output.isLost ? exitCodes.failed : exitCode);
  endSoon();
}

async function run(args: readonly string[]) {
  try {
    const command = await parseCommandLine(args);
    printConsoleOnStderr();
    return await command();
  } catch (error) {
    const { printFailure } = await import('./output/failure.ts');
    const options = optionsOf(args);
    return printFailure(error, { json: options.includes('--json'), verbose: options.includes('--verbose') });
  }
}

/**
 * The program ends by itself when nothing is left to do, which is when everything it printed is out. A timer or a connection
 * that a configuration or a trigger left behind must not keep it alive.
 */
function endSoon(): void {
  setTimeout(() => {
    if (process.stdout.writableLength > 0) endSoon();
    else process.exit();
  }, leftoversMs).unref();
}

const leftoversMs = 1000;

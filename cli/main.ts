#!/usr/bin/env node
import { parseCommandLine } from './command-line.ts';

void main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  endQuietlyWithoutReader();
  try {
    const run = await parseCommandLine(args);
    process.exitCode = await run();
  } catch (error) {
    const { printFailure } = await import('./output/failure.ts');
    process.exitCode = printFailure(error, {
      json: args.includes('--json'),
      verbose: args.includes('--verbose'),
    });
  }
  endSoon();
}

/** `pool … | head`: who reads our output has seen enough, which is no error of ours. So is a terminal that was closed. */
function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
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

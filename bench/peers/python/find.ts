import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A Python that can run what is asked of it. */
export interface Python {
  readonly command: string;
  /** What the script printed, as its versions. */
  readonly said: string;
}

// Debian's modules belong to Debian's own Python, which is not always the first one on the PATH.
const candidates = process.env.BENCH_PYTHON
  ? [process.env.BENCH_PYTHON]
  : ['python3', '/usr/bin/python3', 'python'];

/** Finds the first Python in which this script runs without an error, or nothing. */
export async function findPython(script: string): Promise<Python | undefined> {
  for (const command of candidates) {
    try {
      const { stdout } = await promisify(execFile)(command, ['-c', script]);
      return { command, said: stdout.trim() };
    } catch {
      // Not installed, or without the module: the next one may do.
    }
  }
  return undefined;
}

/**
 * Finds the Python for what its standard library has, or nothing: the one with aioprocessing, so that all that Python
 * contributes is measured in the same one, and any other where no one has it. It says its version.
 */
export async function findPlainPython(): Promise<Python | undefined> {
  return (await findPython(`import aioprocessing\n${printVersion}`)) ?? findPython(printVersion);
}

/** The part of a script that prints the version of Python. Where there is no `fork`, it fails: our programs need it. */
export const printVersion =
  'import multiprocessing, platform; multiprocessing.get_context("fork"); print(platform.python_version())';

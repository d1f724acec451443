import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A Python that has Pillow. */
export interface Python {
  readonly command: string;
  readonly pillowVersion: string;
}

// Debian's python3-pil belongs to Debian's own Python, which is not always the first one on the PATH.
const candidates = process.env.BENCH_PYTHON
  ? [process.env.BENCH_PYTHON]
  : ['python3', '/usr/bin/python3', 'python'];

/** Finds the first Python with Pillow, or nothing. */
export async function findPython(): Promise<Python | undefined> {
  for (const command of candidates) {
    try {
      const { stdout } = await promisify(execFile)(command, ['-c', 'import PIL; print(PIL.__version__)']);
      return { command, pillowVersion: stdout.trim() };
    } catch {
      // Not installed, or without Pillow: the next one may do.
    }
  }
  return undefined;
}

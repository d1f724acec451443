import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Cleanup } from './project.ts';

/** A small file system of its own, to be filled up, unmounted when the test ends. */
export interface SmallDisk {
  readonly path: string;
  /** Leaves so many bytes free. */
  fill(leave?: number): void;
  /** Removes what `fill` has written. */
  free(): void;
  /** Lets nothing be written any more, or lets it again. */
  setReadOnly(isReadOnly: boolean): void;
}

/** For a test that is skipped because `mountDisk` returned nothing. */
export const skippedWithoutMount = 'a small file system can not be mounted here';

/** Mounts one of a size as `mount` takes it, such as `256k`; undefined where that is not permitted. */
export function mountDisk(test: Cleanup, size: string): SmallDisk | undefined {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'warm-pool-disk-')));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    fs.rmdirSync(folder);
    return undefined;
  }
  test.after(() => {
    // Also while something on it is open still.
    execFileSync('umount', ['-l', folder]);
    fs.rmdirSync(folder);
  });
  const filler = path.join(folder, 'filler');
  return {
    path: folder,
    fill(leave = 0) {
      const file = fs.openSync(filler, 'w');
      try {
        fs.ftruncateSync(file, writeToTheEnd(file) - leave);
      } finally {
        fs.closeSync(file);
      }
    },
    free: () => fs.rmSync(filler),
    setReadOnly(isReadOnly) {
      execFileSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, folder]);
    },
  };
}

/** How many bytes it took. Others may write there meanwhile: how much room there is, only the last write knows. */
function writeToTheEnd(file: number): number {
  const zeros = Buffer.alloc(64 * 1024);
  let written = 0;
  for (;;) {
    try {
      written += fs.writeSync(file, zeros);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return written;
      throw error;
    }
  }
}

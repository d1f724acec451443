import type { Dir, Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { isAbsence } from './file-version.ts';

/**
 * What lies in a folder, `step` entries at a time; an entry may come twice. It fails as `opendir` does when the folder is
 * not there or can't be read.
 *
 * Some file systems don't tell what their entries are. Node then looks at each entry of a step itself, one after the
 * other and without leaving the loop to others meanwhile. When one of them has vanished by then, those after it in its
 * step are lost: all are read once more, one at a time, where there is nothing that could be lost.
 */
export function entriesOf(folder: string, step: number): AsyncGenerator<Dirent> {
  return completeEntries(folder, step, 'utf8');
}

/** The same with names as they are on the disk. */
export async function* entriesInBytes(folder: string, step: number): AsyncGenerator<Dirent<Buffer>> {
  // Which encodings there are, and what comes of them, is told better by the documentation of `readdir` than by the types.
  for await (const entry of completeEntries(folder, step, 'buffer' as BufferEncoding))
    yield entry as unknown as Dirent<Buffer>;
}

async function* completeEntries(
  folder: string,
  step: number,
  encoding: BufferEncoding,
): AsyncGenerator<Dirent> {
  const hasGaps = yield* entriesInSteps(folder, step, encoding);
  if (hasGaps) yield* entriesInSteps(folder, 1, encoding);
}

/** Returns whether there may be entries that it has left out. */
async function* entriesInSteps(
  folder: string,
  step: number,
  encoding: BufferEncoding,
): AsyncGenerator<Dirent, boolean> {
  const entries = await opendir(folder, { bufferSize: step, encoding });
  let hasGaps = false;
  try {
    for (;;) {
      const entry = await nextOf(entries);
      if (entry === null) return hasGaps;
      if (entry === 'vanished') hasGaps = true;
      else yield entry;
    }
  } finally {
    await entries.close();
  }
}

async function nextOf(entries: Dir): Promise<Dirent | null | 'vanished'> {
  try {
    return await entries.read();
  } catch (error) {
    if (isAbsence(error) && isOfEntry(error)) return 'vanished';
    throw error;
  }
}

// The folder itself is read with `opendir` and `scandir`.
function isOfEntry(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'lstat';
}

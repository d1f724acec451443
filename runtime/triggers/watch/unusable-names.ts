import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DirectoryTreeContext } from './directory-tree.ts';

/**
 * Tells names that are not valid UTF-8, which no text can name and so no function can open, from those that
 * contain U+FFFD for real. Reads a folder's names as bytes; needed only where a name looks odd.
 */
export class UnusableNames {
  readonly #context: DirectoryTreeContext;
  /** The names that were reported, by folder, in hexadecimal. */
  readonly #reported = new Map<string, Set<string>>();

  constructor(context: DirectoryTreeContext) {
    this.#context = context;
  }

  /** Reports each unusable name once as long as it is there, and hints at the odd ones that can be used. */
  async find(folder: string): Promise<void> {
    const { root, selection, journal, onHint } = this.#context;
    const reported = this.#reported.get(folder);
    const found = new Set<string>();
    for (const entry of await readdir(join(root, folder), { encoding: 'buffer', withFileTypes: true })) {
      const name = entry.name.toString();
      const path = folder === '' ? name : `${folder}/${name}`;
      if (!name.includes('\uFFFD')) continue;
      const isWanted = entry.isDirectory() ? selection.folder(path) : entry.isFile() && selection.file(path);
      if (!isWanted) continue;
      if (isUtf8(entry.name)) {
        onHint(path, 'event');
        continue;
      }
      const hex = entry.name.toString('hex');
      found.add(hex);
      if (!reported?.has(hex)) journal.unusableName(folder, entry.name);
    }
    this.#reported.set(folder, found);
  }

  forget(folder: string): void {
    this.#reported.delete(folder);
  }
}

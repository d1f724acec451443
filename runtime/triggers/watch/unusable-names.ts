import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import { CoalescingQueue } from './coalescing-queue.ts';
import type { DirectoryTreeContext } from './directory-tree.ts';
import { entriesInBytes } from './entries.ts';

/** What there is to say of such a name, wherever it is told. */
export const unusableReason = 'its name is not valid UTF-8: rename it to have it taken up';

/**
 * Knows the names that are not valid UTF-8, which no text can name and so no function can open, and reports them. It tells
 * them from those that contain U+FFFD for real by reading a folder's names as bytes; needed only where a name looks odd,
 * and not more often than once in a while, however often something happens to such names.
 */
export class UnusableNames {
  readonly #context: DirectoryTreeContext;
  readonly #stepIn: (folder: string) => number;
  /** The names that were reported, by folder: how they are shown, by their bytes in hexadecimal. */
  readonly #reported = new Map<string, ReadonlyMap<string, string>>();
  readonly #planned = new Map<string, NodeJS.Timeout>();
  readonly #reads = new CoalescingQueue(1, (folder) => this.#read(folder));

  constructor(context: DirectoryTreeContext, stepIn: (folder: string) => number) {
    this.#context = context;
    this.#stepIn = stepIn;
  }

  /** There are names in a folder that look odd, or were: the unusable ones are reported, each once as long as it is there. */
  expect(folder: string): void {
    if (this.#planned.has(folder)) return;
    const timer = setTimeout(() => {
      this.#planned.delete(folder);
      this.#reads.add(folder);
    }, this.#context.timings.rescanGap);
    this.#planned.set(folder, timer);
    if (!this.#reported.has(folder)) this.#reported.set(folder, new Map());
  }

  /** How those that are there are shown: their paths below the watched folder, for people to read. */
  *shown(): Iterable<string> {
    for (const names of this.#reported.values()) yield* names.values();
  }

  /** A folder is not looked after any more. */
  forget(folder: string): void {
    clearTimeout(this.#planned.get(folder));
    this.#planned.delete(folder);
    this.#reported.delete(folder);
  }

  close(): void {
    this.#reads.close();
    for (const timer of this.#planned.values()) clearTimeout(timer);
  }

  // One that can't be read is told of, or let go of, where its files are looked for.
  async #read(folder: string): Promise<void> {
    const found = await this.#find(folder).catch(() => undefined);
    if (found && this.#reported.has(folder)) this.#reported.set(folder, found);
  }

  async #find(folder: string): Promise<Map<string, string>> {
    const { root, settings, selection, journal } = this.#context;
    const found = new Map<string, string>();
    for await (const entry of entriesInBytes(join(root, folder), this.#stepIn(folder))) {
      const reported = this.#reported.get(folder);
      if (!reported) break;
      if (isUtf8(entry.name)) continue;
      const name = entry.name.toString();
      const path = folder === '' ? name : `${folder}/${name}`;
      const isFile = entry.isFile() || (settings.followSymlinks && entry.isSymbolicLink());
      const isWanted = entry.isDirectory() ? selection.folder(path) : isFile && selection.file(path);
      if (!isWanted) continue;
      const hex = entry.name.toString('hex');
      const shown = `${folder === '' ? '' : `${folder}/`}${printable(entry.name)}`;
      if (!reported.has(hex) && !found.has(hex)) journal.setAside(shown, unusableReason);
      found.set(hex, shown);
    }
    return found;
  }
}

// Bytes beyond ASCII as \xNN, as `ls -b` and most shells take them.
function printable(name: Buffer): string {
  return [...name]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
}

import { isUtf8 } from 'node:buffer';
import { join } from 'node:path';
import { CoalescingQueue } from './coalescing-queue.ts';
import type { DirectoryTreeContext } from './directory-tree.ts';
import { entriesInBytes } from './entries.ts';

/**
 * Reports names that are not valid UTF-8, which no text can name and so no function can open. It tells them from those
 * that contain U+FFFD for real by reading a folder's names as bytes; needed only where a name looks odd, and not more often
 * than once in a while, however often something happens to such names.
 */
export class UnusableNames {
  readonly #context: DirectoryTreeContext;
  readonly #stepIn: (folder: string) => number;
  /** The names that were reported, by folder, in hexadecimal. */
  readonly #reported = new Map<string, ReadonlySet<string>>();
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
    if (!this.#reported.has(folder)) this.#reported.set(folder, new Set());
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

  async #find(folder: string): Promise<Set<string>> {
    const { root, settings, selection, journal } = this.#context;
    const found = new Set<string>();
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
      if (!reported.has(hex) && !found.has(hex)) journal.unusableName(folder, entry.name);
      found.add(hex);
    }
    return found;
  }
}

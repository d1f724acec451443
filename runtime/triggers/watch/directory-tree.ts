import { type FSWatcher, watch } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CoalescingQueue } from './coalescing-queue.ts';
import { eventBursts } from './event-bursts.ts';
import { isAbsence } from './file-version.ts';
import type { Journal } from './journal.ts';
import { folderOf, type Selection } from './selection.ts';
import type { Timings } from './timings.ts';
import { UnusableNames } from './unusable-names.ts';

/** How a path came up: in an event, in a folder whose events may be incomplete, or in a routine comparison of names. */
export type HintSource = 'event' | 'read' | 'sweep';

export interface DirectoryTreeContext {
  readonly root: string;
  readonly selection: Selection;
  readonly timings: Timings;
  readonly journal: Journal;
  /** Something may be at a path, or may have gone from it. */
  onHint(path: string, source: HintSource): void;
  /** The watched folder itself was moved, removed or replaced. */
  onRootMoved(): void;
}

interface Folder {
  readonly watcher: FSWatcher | undefined;
  /** Paths of the folders directly in it that are watched. */
  readonly children: Set<string>;
  /** Whether events in it may have been missed, so that known files have to be looked at too. */
  mayHaveMissed: boolean;
}

/**
 * Watches a folder and all below it: one `fs.watch` per folder, opened before the folder is read, so that whatever
 * lands in between is either read or reported. A folder that appears is entered in the same order.
 */
export class DirectoryTree {
  readonly #context: DirectoryTreeContext;
  readonly #folders = new Map<string, Folder>();
  readonly #reads: CoalescingQueue;
  readonly #unusable: UnusableNames;
  readonly #rewatches = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(context: DirectoryTreeContext) {
    this.#context = context;
    this.#reads = new CoalescingQueue(READS_AT_ONCE, (path) => this.#read(path));
    this.#unusable = new UnusableNames(context);
  }

  /** Watches and reads the folder anew, and everything below it. */
  enter(path: string): void {
    if (this.#closed) return;
    const before = this.#folders.get(path);
    // The new watcher first: when it is the same folder after all, none of its events is lost in between.
    this.#folders.set(path, { watcher: this.#watch(path), children: new Set(), mayHaveMissed: true });
    before?.watcher?.close();
    for (const child of before?.children ?? []) this.leave(child);
    if (path !== '') this.#folders.get(folderOf(path))?.children.add(path);
    this.#reads.add(path);
  }

  /** Lets go of a folder and everything below it. */
  leave(path: string): void {
    const folder = this.#folders.get(path);
    if (!folder) return;
    this.#folders.delete(path);
    folder.watcher?.close();
    this.#unusable.forget(path);
    if (path !== '') this.#folders.get(folderOf(path))?.children.delete(path);
    for (const child of folder.children) this.leave(child);
  }

  /** Reads all folders again and hints at every file in them: events may have been lost. */
  rescan(): void {
    for (const [path, folder] of this.#folders) {
      folder.mayHaveMissed = true;
      this.#reads.add(path);
    }
  }

  /** Reads the names in all folders again, and all of a folder that couldn't be watched. */
  sweep(): void {
    for (const [path, folder] of this.#folders) {
      if (folder.watcher) this.#reads.add(path);
      else this.enter(path);
    }
  }

  /** Resolves when every folder known so far, and found on the way, is watched and read. */
  async settled(): Promise<void> {
    await this.#reads.idle();
  }

  close(): void {
    this.#closed = true;
    this.#reads.close();
    for (const timer of this.#rewatches) clearTimeout(timer);
    this.leave('');
  }

  #watch(path: string): FSWatcher | undefined {
    try {
      const watcher = watch(join(this.#context.root, path));
      watcher.on('change', (type, name) => this.#onEvent(path, type, name as string | null));
      watcher.on('error', () => this.#rewatch(path, watcher));
      return watcher;
    } catch (error) {
      if (!isAbsence(error)) this.#context.journal.unwatchable(path, error);
      return undefined;
    }
  }

  // Windows reports the removal of a watched folder as an error; elsewhere it is rare and nothing is said about it.
  #rewatch(path: string, failed: FSWatcher): void {
    if (this.#folders.get(path)?.watcher !== failed) return;
    const timer = setTimeout(() => {
      this.#rewatches.delete(timer);
      if (path === '') this.#context.onRootMoved();
      else if (this.#folders.get(path)?.watcher === failed) this.enter(path);
    }, this.#context.timings.rewatch);
    this.#rewatches.add(timer);
  }

  #onEvent(path: string, type: string, name: string | null): void {
    const { selection, onHint, onRootMoved, root } = this.#context;
    eventBursts.count();
    const folder = this.#folders.get(path);
    if (!folder) return;
    if (name === null) {
      // Windows says so that it has lost count.
      folder.mayHaveMissed = true;
      this.#reads.add(path);
      return;
    }
    // Linux reports what happens to the watched folder itself under the folder's own name.
    if (path === '' && type === 'rename' && name === basename(root)) onRootMoved();
    if (name.includes(REPLACEMENT)) {
      this.#reads.add(path);
      return;
    }
    const child = path === '' ? name : `${path}/${name}`;
    // What appears, disappears or is renamed may be a folder; what changes is a file.
    if (selection.file(child) || (type === 'rename' && selection.folder(child))) onHint(child, 'event');
  }

  async #read(path: string): Promise<void> {
    const { selection, onHint, root, journal } = this.#context;
    const folder = this.#folders.get(path);
    if (!folder) return;
    const source = folder.mayHaveMissed ? 'read' : 'sweep';
    folder.mayHaveMissed = false;
    const missing = new Set(folder.children);
    let hasOddNames = false;
    try {
      const entries = await opendir(join(root, path), { bufferSize: ENTRIES_AT_ONCE });
      for await (const entry of entries) {
        if (this.#folders.get(path) !== folder) return;
        const child = path === '' ? entry.name : `${path}/${entry.name}`;
        if (entry.name.includes(REPLACEMENT)) hasOddNames = true;
        else if (entry.isDirectory()) {
          const isWatched = missing.delete(child) || folder.children.has(child);
          if (!isWatched && selection.folder(child)) this.enter(child);
        } else if (!entry.isSymbolicLink() && selection.file(child)) onHint(child, source);
      }
      if (hasOddNames) await this.#unusable.find(path);
    } catch (error) {
      if (!isAbsence(error)) {
        journal.unreadable(path, error as Error);
        folder.mayHaveMissed = true;
      } else if (path === '') this.#context.onRootMoved();
      else this.leave(path);
      return;
    }
    // A watched folder that isn't in the list: whether it is gone is decided by a look, as it may have appeared since.
    for (const child of missing) onHint(child, 'event');
  }
}

/** Stands in a name for bytes that are not UTF-8, or for itself. */
const REPLACEMENT = '\uFFFD';

// Folders are read in libuv's four threads.
const READS_AT_ONCE = 4;

// 20,000 entries: 18 ms in steps of 0.3 ms. The default of 32 takes 60 ms, `readdir` makes 20,000 objects in one go.
const ENTRIES_AT_ONCE = 512;

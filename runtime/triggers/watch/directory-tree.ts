import { type FSWatcher, watch } from 'node:fs';
import { basename, join } from 'node:path';
import { CoalescingQueue } from './coalescing-queue.ts';
import { entriesOf } from './entries.ts';
import { eventBursts } from './event-bursts.ts';
import { isAbsence } from './file-version.ts';
import { type Folder, Folders } from './folders.ts';
import type { Journal } from './journal.ts';
import { identityOf, leadsToFolder } from './links.ts';
import type { WatchSettings } from './options.ts';
import { type RemoteFileSystem, remoteFileSystemOf } from './remote-file-systems.ts';
import type { Selection } from './selection.ts';
import type { Timings } from './timings.ts';
import { UnusableNames } from './unusable-names.ts';
import { itself, watchedPath } from './watched-path.ts';

/** How a path came up: in an event, in a folder whose events may be incomplete, or in a routine comparison of names. */
export type HintSource = 'event' | 'read' | 'sweep';

export interface DirectoryTreeContext {
  readonly root: string;
  readonly settings: WatchSettings;
  readonly selection: Selection;
  readonly timings: Timings;
  readonly journal: Journal;
  /** Something may be at a path, or may have gone from it. */
  onHint(path: string, source: HintSource): void;
  /** The watched folder itself was moved, removed or replaced. */
  onRootMoved(): void;
  /** A folder is to be polled, and the one that it is in is not: by the settings, or for its file system. */
  onPolled(path: string, fileSystem: RemoteFileSystem | undefined): void;
}

/**
 * Watches a folder and all below it: one `fs.watch` per folder, opened before the folder is read, so that whatever
 * lands in between is either read or reported. A folder that appears is entered in the same order.
 */
export class DirectoryTree {
  readonly #context: DirectoryTreeContext;
  readonly #folders = new Folders();
  readonly #reads: CoalescingQueue;
  readonly #unusable: UnusableNames;
  readonly #rewatches = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(context: DirectoryTreeContext) {
    this.#context = context;
    this.#reads = new CoalescingQueue(readsAtOnce, (path) => this.#read(path));
    this.#unusable = new UnusableNames(context, (path) => this.#stepIn(path));
  }

  /** Watches and reads the folder anew, and everything below it. */
  enter(path: string): void {
    if (this.#closed) return;
    // The new watcher first: when it is the same folder after all, none of its events is lost in between.
    const before = this.#folders.put(path, this.#watch(path));
    before?.watcher?.close();
    for (const child of before?.children ?? []) this.leave(child);
    this.#reads.add(path);
  }

  /** Lets go of a folder and everything below it. */
  leave(path: string): void {
    const folder = this.#folders.remove(path);
    if (!folder) return;
    folder.watcher?.close();
    this.#unusable.forget(path);
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
      if (folder.watcher || this.#watchesNothing) this.#reads.add(path);
      else this.enter(path);
    }
  }

  /** Reads the names in the folders that are polled. */
  poll(): void {
    for (const [path, folder] of this.#folders) if (folder.isPolled) this.#reads.add(path);
  }

  /** Whether a folder is looked after. */
  has(path: string): boolean {
    return this.#folders.get(path) !== undefined;
  }

  get hasPolled(): boolean {
    for (const [, { isPolled }] of this.#folders) if (isPolled) return true;
    return false;
  }

  /** Whether a folder is polled; of one that is not there, whether the one is that it would be in. */
  isPolled(path: string): boolean {
    return this.#folders.nearest(path)?.isPolled ?? false;
  }

  /** The remote file system that a folder is on. */
  fileSystemOf(path: string): RemoteFileSystem | undefined {
    return this.#folders.nearest(path)?.fileSystem;
  }

  /** The names found so far that no function can be given, as they are shown. */
  unusableNames(): Iterable<string> {
    return this.#unusable.shown();
  }

  /** Resolves when every folder known so far, and found on the way, is watched and read. */
  async settled(): Promise<void> {
    await this.#reads.idle();
  }

  close(): void {
    this.#closed = true;
    this.#reads.close();
    this.#unusable.close();
    for (const timer of this.#rewatches) clearTimeout(timer);
    this.leave('');
  }

  get #watchesNothing(): boolean {
    return this.#context.settings.poll.folders === 'all';
  }

  #watch(path: string): FSWatcher | undefined {
    if (this.#watchesNothing) return undefined;
    try {
      const watcher = watch(watchedPath(join(this.#context.root, path)));
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
    const { selection, onHint, root } = this.#context;
    eventBursts.count();
    const folder = this.#folders.get(path);
    if (!folder) return;
    if (name === null) {
      // Windows says so that it has lost count.
      folder.mayHaveMissed = true;
      this.#reads.add(path);
      return;
    }
    const isItself = name === itself || name === basename(join(root, path));
    if (isItself && type === 'rename') this.#moved(path);
    if (name === itself) return;
    // What changes only was reported when it came.
    if (type === 'rename' && name.includes(replacement)) this.#unusable.expect(path);
    const child = path === '' ? name : `${path}/${name}`;
    // What appears, disappears or is renamed may be a folder; what changes is a file.
    if (selection.file(child) || (type === 'rename' && selection.folder(child))) onHint(child, 'event');
  }

  // The folder that it is in reports it as well, unless that has but a link to it.
  #moved(path: string): void {
    const { settings, onRootMoved } = this.#context;
    if (path === '') onRootMoved();
    else if (settings.followSymlinks) this.enter(path);
  }

  /** Finds out what a folder is. False when it isn't read: it is another one by now, or one that it is in. */
  async #examine(path: string, folder: Folder): Promise<boolean> {
    const { root, settings, journal, onPolled } = this.#context;
    const place = join(root, path);
    const fileSystem = await remoteFileSystemOf(place);
    // Without links it is told of by the folder that it is in when another one takes its place.
    const identity = settings.followSymlinks ? await identityOf(place) : undefined;
    if (this.#folders.get(path) !== folder) return false;
    if (folder.identity !== undefined && folder.identity !== identity) {
      // What is watched is the one that was there.
      this.enter(path);
      return false;
    }
    folder.identity = identity;
    if (identity !== undefined && this.#folders.isIn(path, identity)) {
      journal.linkLoop(path);
      this.leave(path);
      return false;
    }
    folder.fileSystem = fileSystem;
    folder.isPolled =
      this.#watchesNothing || (settings.poll.folders === 'remote' && fileSystem !== undefined);
    if (folder.isPolled && !this.#folders.parent(path)?.isPolled)
      onPolled(path, this.#watchesNothing ? undefined : fileSystem);
    return true;
  }

  /** How many entries of a folder are read at once. */
  #stepIn(path: string): number {
    return this.#folders.get(path)?.fileSystem ? remoteEntriesAtOnce : entriesAtOnce;
  }

  async #read(path: string): Promise<void> {
    const { selection, settings, onHint, root, journal } = this.#context;
    const folder = this.#folders.get(path);
    if (!folder) return;
    const source = folder.mayHaveMissed ? 'read' : 'sweep';
    folder.mayHaveMissed = false;
    const missing = new Set(folder.children);
    let hasOddNames = false;
    try {
      if (!(await this.#examine(path, folder))) return;
      for await (const entry of entriesOf(join(root, path), this.#stepIn(path))) {
        const child = path === '' ? entry.name : `${path}/${entry.name}`;
        const isLink = entry.isSymbolicLink();
        if (isLink && !settings.followSymlinks) continue;
        const isFolder = isLink ? await leadsToFolder(join(root, child)) : entry.isDirectory();
        if (this.#folders.get(path) !== folder) return;
        // When it is no text, nothing is found under it.
        if (entry.name.includes(replacement)) hasOddNames = true;
        if (isFolder) {
          const isWatched = missing.delete(child) || folder.children.has(child);
          if (!isWatched && selection.folder(child)) this.enter(child);
        } else if (selection.file(child)) onHint(child, source);
      }
      if (hasOddNames) this.#unusable.expect(path);
    } catch (error) {
      // Of one that was there before, which may come late: the folder that is there now has a reading of its own.
      if (this.#folders.get(path) !== folder) return;
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
const replacement = '\uFFFD';

// Folders are read in libuv's four threads.
const readsAtOnce = 4;

// 20,000 entries: 18 ms in steps of 0.3 ms. The default of 32 takes 60 ms, `readdir` makes 20,000 objects in one go.
const entriesAtOnce = 512;

// Some remote file systems don't tell what an entry is, so that each costs a question that the loop waits for: with 512 of
// them at 1 ms it stood still for half a second. In steps of 16 these are at most 64 in a row, of four folders, and where
// they do tell, 20,000 entries take some 100 ms.
const remoteEntriesAtOnce = 16;

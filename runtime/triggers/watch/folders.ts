import type { FSWatcher } from 'node:fs';
import type { RemoteFileSystem } from './remote-file-systems.ts';
import { folderOf } from './selection.ts';

/** A folder that is looked after. */
export interface Folder {
  readonly watcher: FSWatcher | undefined;
  /** Paths of the folders directly in it that are looked after. */
  readonly children: Set<string>;
  /** Whether events in it may have been missed, so that known files have to be looked at too. */
  mayHaveMissed: boolean;
  /** Device and inode, when it was read last: undefined before, and where links are not followed. */
  identity: string | undefined;
  /** Of the last time that it was read, as is the next. */
  fileSystem: RemoteFileSystem | undefined;
  isPolled: boolean;
}

/** The folders that are looked after, by their paths below the watched folder, which itself has the path ''. */
export class Folders {
  readonly #folders = new Map<string, Folder>();

  get(path: string): Folder | undefined {
    return this.#folders.get(path);
  }

  /** The folder at the path or, when there is none, the one that it would be in. */
  nearest(path: string): Folder | undefined {
    const folder = this.#folders.get(path);
    return folder || path === '' ? folder : this.nearest(folderOf(path));
  }

  /** The folder that it is in. */
  parent(path: string): Folder | undefined {
    return path === '' ? undefined : this.#folders.get(folderOf(path));
  }

  /** Whether it is in a folder of this identity, however deep. */
  isIn(path: string, identity: string): boolean {
    if (path === '') return false;
    return this.parent(path)?.identity === identity || this.isIn(folderOf(path), identity);
  }

  /** Puts a folder at a path, in place of what was there: that is returned, and its children are nobody's. */
  put(path: string, watcher: FSWatcher | undefined): Folder | undefined {
    const before = this.#folders.get(path);
    this.#folders.set(path, {
      watcher,
      children: new Set(),
      mayHaveMissed: true,
      identity: undefined,
      fileSystem: undefined,
      isPolled: false,
    });
    this.parent(path)?.children.add(path);
    return before;
  }

  remove(path: string): Folder | undefined {
    const folder = this.#folders.get(path);
    this.#folders.delete(path);
    this.parent(path)?.children.delete(path);
    return folder;
  }

  [Symbol.iterator](): MapIterator<[path: string, folder: Folder]> {
    return this.#folders.entries();
  }
}

import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Look, look } from './file-version.ts';
import { folderOf } from './selection.ts';

export interface LookBelowContext {
  readonly root: string;
  readonly settings: { readonly followSymlinks: boolean };
  /** Whether a path below the root is known to be a folder, and none that a link leads to. */
  isFolder(path: string): boolean;
}

/**
 * Looks at paths below the watched folder. Where links are not followed, nothing is there that is reached through one:
 * the system resolves all but the last part of a path, and would show the files that were moved away with their folder
 * when a link to it has taken its place.
 */
export function lookBelow({ root, settings, isFolder }: LookBelowContext): Look {
  return async (path) => {
    const sight = await look(join(root, path), settings);
    if (settings.followSymlinks || (sight.kind !== 'file' && sight.kind !== 'folder')) return sight;
    // Nearly always known. When it isn't, it may be a folder that was just made, or all folders may just be read anew.
    for (let folder = folderOf(path); folder !== '' && !isFolder(folder); folder = folderOf(folder)) {
      if (await isLink(join(root, folder))) return { kind: 'gone' };
    }
    return sight;
  };
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  );
}

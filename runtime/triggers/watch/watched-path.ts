/**
 * The path by which a folder is watched. Linux reports what happens to a folder itself under the last name in the path by
 * which this process watched it first, be that another link to it or another trigger's path. With {@link itself} at
 * the end of all of them it is told from what happens to a file.
 */
export function watchedPath(folder: string): string {
  return process.platform === 'linux' ? `${folder}/${itself}` : folder;
}

/** Stands for the folder where an event has the name of a file. */
export const itself = '.';

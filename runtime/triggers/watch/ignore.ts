/**
 * Whether a file or folder of this name is never taken up, whatever the globs say: hidden ones, what programs
 * call a file until it is complete (the rename to the final name is what counts), and what systems put beside files.
 *
 * Hidden names cover AppleDouble (`._photo.jpg`), rsync (`.photo.jpg.Xa81bQ`) and Syncthing (`.syncthing.photo.jpg.tmp`).
 */
export function isNeverMatched(name: string): boolean {
  return name.startsWith('.') || unfinished.test(name) || furniture.test(name);
}

const unfinished = /(?:\.(?:part|partial|crdownload|download|aria2|tmp)|~)$/i;

// Synology's index, the resource forks in a zip made on macOS, Syncthing's temporary files on Windows.
const furniture = /^(?:@eaDir$|__MACOSX$|~syncthing~)/i;
